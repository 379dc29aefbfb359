//! What one piece of work carries: the parts of the service, its moment, and
//! who caused it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::Core;
use crate::{
    kernel::{Timestamp, ids::RequestId},
    tools::{
        db::{Conn, DbFault, Ending, is_committed, savepoint},
        web::{RequestMeta, address::ClientAddress},
    },
};

/// Who caused a piece of work.
#[derive(Debug, Clone)]
pub enum Origin {
    /// A client, with a request over HTTP.
    Request {
        /// Id in logs and problems.
        id: RequestId,
        /// Where the client is.
        address: ClientAddress,
        /// What the browser calls itself, in a few words.
        device: Option<String>,
    },
    /// The operator, at the command line.
    Operator,
    /// The service itself, when a time is over.
    Service,
}

impl Origin {
    /// The client of a request.
    pub fn of_request(meta: &RequestMeta) -> Self {
        Self::Request { id: meta.id, address: meta.address, device: meta.device.clone() }
    }

    /// What limits by address count: the client's network. Work without a
    /// client shares one count.
    pub fn limit_subject(&self) -> String {
        match self {
            Self::Request { address, .. } => address.limit_subject(),
            Self::Operator | Self::Service => String::new(),
        }
    }

    /// The client's network, as coarse as the audit trail may know it.
    pub fn coarse_address(&self) -> String {
        match self {
            Self::Request { address, .. } => address.coarse(),
            Self::Operator | Self::Service => String::new(),
        }
    }

    /// What the browser calls itself.
    pub fn device(&self) -> Option<&str> {
        match self {
            Self::Request { device, .. } => device.as_deref(),
            Self::Operator | Self::Service => None,
        }
    }
}

/// The id of the request, or a word for what is no request.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { id, .. } => id.fmt(f),
            Self::Operator => f.write_str("operator"),
            Self::Service => f.write_str("service"),
        }
    }
}

/// The context of one request, command or task. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Ctx {
    /// The parts of the service.
    pub core: Arc<Core>,
    /// The moment of the work: time is read once.
    pub now: Timestamp,
    /// Who caused it.
    pub origin: Arc<Origin>,
}

impl Ctx {
    /// The context of work that begins now.
    pub fn new(core: &Arc<Core>, origin: Origin) -> Self {
        Self { now: core.clock.now(), core: Arc::clone(core), origin: Arc::new(origin) }
    }

    /// The context of a request.
    pub fn of_request(core: &Arc<Core>, meta: &RequestMeta) -> Self {
        let origin = Arc::new(Origin::of_request(meta));
        Self { now: meta.now, core: Arc::clone(core), origin }
    }

    /// The same work at a later moment: the time is read again, after a bank
    /// or another gateway has answered.
    #[must_use]
    pub fn later(&self) -> Self {
        Self { now: self.core.clock.now(), ..self.clone() }
    }

    /// Runs queries that change nothing.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        let ctx = self.clone();
        self.core.db.read(move |conn| work(&mut ctx.tx(conn, &Bell::default()))).await
    }

    /// Runs `work` in one transaction: committed when it returns `Ok` or a
    /// refusal that is kept ([`super::Stop::Keep`]), rolled back otherwise.
    /// Messages that it enqueues leave at once.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        let (ctx, bell) = (self.clone(), Bell::default());
        let noted = bell.clone();
        let done = self.core.db.write(move |conn| work(&mut ctx.tx(conn, &noted))).await;
        bell.ring(&self.core, &done);
        done
    }

    /// As [`Ctx::write`], but without waiting for the disk: see
    /// [`crate::tools::db::Db::write_unflushed`].
    pub async fn write_unflushed<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: Ending + Send + 'static,
    {
        let (ctx, bell) = (self.clone(), Bell::default());
        let noted = bell.clone();
        let done = self.core.db.write_unflushed(move |conn| work(&mut ctx.tx(conn, &noted))).await;
        bell.ring(&self.core, &done);
        done
    }

    /// A transaction of this context on a connection.
    fn tx<'a>(&'a self, conn: &'a mut Conn, bell: &'a Bell) -> Tx<'a> {
        Tx { core: &self.core, conn, now: self.now, origin: &self.origin, bell }
    }
}

/// Whether a transaction has enqueued messages.
#[derive(Clone, Default)]
struct Bell(Arc<AtomicBool>);

impl Bell {
    /// Wakes the worker once the messages are committed.
    fn ring<T, E: Ending>(&self, core: &Core, done: &Result<T, E>) {
        if is_committed(done) && self.0.load(Ordering::Relaxed) {
            core.outbox_bell.notify_one();
        }
    }
}

/// One transaction, and what its work carries.
pub struct Tx<'a> {
    /// The parts of the service.
    pub core: &'a Core,
    /// The connection that the transaction is open on.
    pub conn: &'a mut Conn,
    /// The moment of the work.
    pub now: Timestamp,
    /// Who caused it.
    pub origin: &'a Origin,
    bell: &'a Bell,
}

impl fmt::Debug for Tx<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").field("now", &self.now).finish_non_exhaustive()
    }
}

impl Tx<'_> {
    /// Runs `work` in a savepoint, which is rolled back when `work` is refused or
    /// fails, while the transaction around it goes on.
    pub fn savepoint<T, E: From<DbFault>>(
        &mut self,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let Self { core, now, origin, bell, .. } = *self;
        savepoint(self.conn, |conn| work(&mut Tx { core, conn, now, origin, bell }))
    }

    /// The same transaction, as that of another origin.
    pub fn as_origin<'b>(&'b mut self, origin: &'b Origin) -> Tx<'b> {
        Tx { core: self.core, conn: self.conn, now: self.now, origin, bell: self.bell }
    }

    /// Has the worker woken after the commit. Called by the outbox.
    pub fn has_messages(&self) {
        self.bell.0.store(true, Ordering::Relaxed);
    }
}
