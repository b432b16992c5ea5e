//! Lists in pages: the envelope, the limit, and the cursor that says where the next page begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::body;
use super::input::{FromParams, Params};
use super::problem::Problem;

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct List<T> {
    /// What is on this page.
    pub items: Vec<T>,
    /// The cursor of the next page; `null` on the last one.
    pub next: Option<String>,
}

/// Which page of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The most items.
    pub limit: usize,
    /// Where it begins.
    pub cursor: Option<String>,
    /// Whether the oldest comes first.
    pub ascending: bool,
}

/// What the documentation says of them.
pub const PAGE_PARAMETERS: &[(&str, &str)] =
    &[("limit", "items on a page, at most 500"), ("cursor", "where the page begins, from `next`")];

const USUAL: usize = 50;
const MOST: usize = 500;
/// A cursor is a few values.
const LONGEST_CURSOR: usize = 4_096;

impl FromParams for Page {
    fn read(params: &mut Params) -> Option<Self> {
        let limit = params.optional::<usize>("limit");
        let cursor = params.optional::<String>("cursor");
        let order = params.optional::<String>("order");
        let ascending = match order.as_ref()?.as_deref() {
            None | Some("desc") => false,
            Some("asc") => true,
            Some(_) => {
                params.refuse("order", "expected asc or desc");
                return None;
            }
        };
        let limit = limit?.unwrap_or(USUAL);
        if !(1..=MOST).contains(&limit) {
            params.refuse("limit", "expected 1 to 500");
            return None;
        }
        Some(Self { limit, cursor: cursor?, ascending })
    }
}

impl Page {
    /// The values after which the page begins; nothing for the first page.
    ///
    /// # Errors
    ///
    /// The cursor is none of this list.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Problem> {
        let Some(cursor) = &self.cursor else { return Ok(None) };
        let bad = || Problem::bad_value("query:cursor", "this is no cursor of this list");
        if cursor.len() > LONGEST_CURSOR {
            return Err(bad());
        }
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| bad())?;
        // with every rule of a body: no database takes a text with U+0000
        let values = body::json(&bytes).map_err(|_| bad())?;
        serde_json::from_value(values).map(Some).map_err(|_| bad())
    }

    /// How many rows to read: one more than the page has, to know whether there is a next one.
    pub fn rows(&self) -> i64 {
        i64::try_from(self.limit + 1).unwrap_or(i64::MAX)
    }

    /// The page out of these rows. The key of its last item becomes the cursor.
    pub fn list<T, K: Serialize>(&self, mut rows: Vec<T>, key: impl Fn(&T) -> K) -> List<T> {
        let more = rows.len() > self.limit;
        rows.truncate(self.limit);
        let next = rows.last().filter(|_| more).map(|last| {
            let key = serde_json::to_vec(&key(last)).expect("a key is plain data");
            URL_SAFE_NO_PAD.encode(key)
        });
        List { items: rows, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_follow_each_other_without_a_gap() {
        let all: Vec<i64> = (0..10).collect();
        let mut page = Page { limit: 4, cursor: None, ascending: true };
        let mut seen = Vec::new();
        loop {
            let after: i64 = page.after().unwrap().unwrap_or(-1);
            let rows = all.iter().copied().filter(|row| *row > after).take(5).collect();
            let list = page.list(rows, |row| *row);
            seen.extend(list.items);
            match list.next {
                Some(next) => page.cursor = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn what_is_no_cursor_is_refused() {
        let zero = URL_SAFE_NO_PAD.encode(r#"["a\u0000", 1]"#);
        for cursor in ["", "!", "bm8", &"A".repeat(5_000), &zero] {
            let page = Page { limit: 1, cursor: Some(cursor.to_owned()), ascending: false };
            let refused = page.after::<(String, i64)>().unwrap_err();
            assert_eq!((refused.status, refused.errors[0].at.as_str()), (400, "query:cursor"), "{cursor}");
        }
    }

    #[test]
    fn a_page_has_limits() {
        for query in ["limit=0", "limit=501", "limit=x", "order=up"] {
            assert_eq!(Page::read(&mut Params::parse(query)), None, "{query}");
        }
        let page = Page::read(&mut Params::parse("limit=500&order=asc&cursor=x")).unwrap();
        assert_eq!(page, Page { limit: 500, cursor: Some("x".to_owned()), ascending: true });
        assert_eq!(Page::read(&mut Params::parse("")).unwrap().limit, 50);
    }
}
