//! Long lists, read page by page with a cursor.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Problem, ProblemCode};

/// Items of a page, unless it is said, and at most.
const USUAL: u32 = 50;
const MOST: u32 = 100;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next_cursor` of the answer before; the beginning when left out.
    cursor: Option<String>,
    /// Items at most; 50 when left out. More than 100 count as 100, and 0 as 1.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
}

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// For `cursor` of the next request; `null` at the end of a list that does
    /// not go on.
    #[schema(required, example = json!(null))]
    pub next_cursor: Option<String>,
    /// Whether there is more now.
    pub has_more: bool,
}

/// A position in a list, opaque to those who hand it back; good for the list
/// with this name only.
pub fn cursor(list: &str, position: &str) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(format!("{list}:{position}"))
}

impl PageQuery {
    /// The position that the cursor stands for, when there is one.
    pub fn position<T: std::str::FromStr>(&self, list: &str) -> Result<Option<T>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let read = || {
            let text = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?).ok()?;
            text.strip_prefix(list)?.strip_prefix(':')?.parse().ok()
        };
        read().map(Some).ok_or_else(|| Problem::new(ProblemCode::CursorInvalid))
    }

    /// Items of this page at most.
    pub fn limit(&self) -> usize {
        self.limit.unwrap_or(USUAL).clamp(1, MOST) as usize
    }

    /// How many to look for: one more than is shown tells whether there is more.
    pub fn look_for(&self) -> i64 {
        i64::try_from(self.limit()).unwrap_or(i64::MAX).saturating_add(1)
    }

    /// The page of what was found; `position` is that of an item.
    pub fn page<T>(
        &self,
        list: &str,
        mut items: Vec<T>,
        position: impl Fn(&T) -> String,
    ) -> Page<T> {
        let has_more = items.len() > self.limit();
        items.truncate(self.limit());
        let next = items.last().filter(|_| has_more).map(|last| cursor(list, &position(last)));
        Page { items, next_cursor: next, has_more }
    }
}

impl<T> Page<T> {
    /// The same page of what is shown of its items.
    pub fn map<U>(self, show: impl Fn(T) -> U) -> Page<U> {
        let Self { items, next_cursor, has_more } = self;
        Page { items: items.into_iter().map(show).collect(), next_cursor, has_more }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(cursor: &str) -> PageQuery {
        PageQuery { cursor: Some(cursor.to_owned()), limit: None }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list() {
        let made = cursor("changes", "7");
        assert_eq!(query(&made).position::<u32>("changes").unwrap(), Some(7));
        for (list, cursor) in [("clients", made.as_str()), ("changes", "7"), ("changes", "")] {
            assert!(query(cursor).position::<u32>(list).is_err(), "{list} {cursor}");
        }
    }

    #[test]
    fn a_page_says_whether_there_is_more() {
        let query = PageQuery { cursor: None, limit: Some(2) };
        let page = query.page("numbers", vec![1, 2, 3], ToString::to_string);
        assert_eq!((page.items, page.has_more), (vec![1, 2], true));
        assert_eq!(page.next_cursor, Some(cursor("numbers", "2")));
        let page = query.page("numbers", vec![1, 2], ToString::to_string);
        assert_eq!((page.next_cursor, page.has_more), (None, false));
    }
}
