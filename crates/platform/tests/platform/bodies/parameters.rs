//! What must hold when any text is the query of a list.

use tidegate_platform::http::{FromParams as _, Page, Params};

/// Reads `data`, if it is text, as a query, and its cursor as one of each form that there is.
///
/// # Panics
///
/// If a rule is broken that holds for any input.
pub(crate) fn run(data: &[u8]) {
    let Ok(query) = std::str::from_utf8(data) else { return };
    let _ = Params::parse(query).list::<String>("topic");
    if let Some(page) = Page::read(&mut Params::parse(query)) {
        assert!((1..=500).contains(&page.limit));
        cursors(&page);
    }
    cursors(&Page { limit: 1, cursor: Some(query.to_owned()), ascending: false });
}

/// A cursor is read whole or refused, and never has a text that no database takes.
fn cursors(page: &Page) {
    if let Ok(Some(text)) = page.after::<String>() {
        assert!(!text.contains('\0'));
        let list =
            Page { limit: 1, cursor: None, ascending: false }.list(vec![text.clone(), String::new()], Clone::clone);
        let again = Page { limit: 1, cursor: list.next, ascending: false };
        assert_eq!(again.after::<String>(), Ok(Some(text)));
    }
    if let Ok(Some((text, _))) = page.after::<(String, i64)>() {
        assert!(!text.contains('\0'));
    }
    let _ = page.after::<i64>();
}
