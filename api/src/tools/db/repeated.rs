//! Statements that are prepared once for a connection.
//!
//! diesel keeps prepared what it knows to have one text. Of `INSERT`, `UPDATE`
//! and `sql_query` it does not know, for some are built from values that may be
//! missing: they are parsed and planned at every run, on PostgreSQL with a
//! round trip of its own. Kept statements are found by their whole text, so a
//! second text is never a wrong one, only one more that is kept.

use diesel::{
    backend::Backend,
    query_builder::{AstPass, Query, QueryFragment, QueryId},
    result::QueryResult,
};

use super::Conn;

/// A statement that is kept prepared.
#[derive(Debug)]
pub struct Repeated<T>(T);

/// For statements that are run again and again with the same text: not for
/// those with a number of rows or values that varies.
pub trait Repeat: Sized {
    /// Keeps this statement prepared.
    fn repeated(self) -> Repeated<Self> {
        Repeated(self)
    }
}

impl<T> Repeat for T {}

impl<T> QueryId for Repeated<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, DB> QueryFragment<DB> for Repeated<T>
where
    DB: Backend,
    T: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass)
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<T> diesel::RunQueryDsl<Conn> for Repeated<T> {}

impl<T: Query> Query for Repeated<T> {
    type SqlType = T::SqlType;
}

/// An `INSERT` that inserts nothing when a unique value is taken. Kept prepared.
pub(super) struct UnlessTaken<T>(pub T);

impl<T> QueryId for UnlessTaken<T> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, DB> QueryFragment<DB> for UnlessTaken<T>
where
    DB: Backend,
    T: QueryFragment<DB>,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        self.0.walk_ast(pass.reborrow())?;
        pass.push_sql(" ON CONFLICT DO NOTHING");
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _: &DB) -> QueryResult<bool> {
        Ok(true)
    }
}

impl<T> diesel::RunQueryDsl<Conn> for UnlessTaken<T> {}
