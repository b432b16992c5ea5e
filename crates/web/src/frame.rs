//! The frame around every page: its head, the navigation, the search field, the foot.

use askama::Template;

/// A place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NavLink {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub path: &'static str,
    /// The letter that leads there, behind a `g`.
    pub key: char,
}

/// The frame with the places that this service has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// In the order of the flow.
    pub links: Vec<NavLink>,
    /// Whether whoever likes may empty this service, which each page says.
    pub is_test: bool,
}

/// Who looks at a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Visitor {
    /// The page does not know: it tells of an error.
    #[default]
    Unknown,
    /// Nobody is logged in.
    Nobody,
    /// That user.
    User(String),
}

/// What stands in the frame.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// What the page is called, in the window's title too.
    pub title: String,
    /// The path of the place in the navigation to which it belongs.
    pub place: &'static str,
    /// Where the same is found as JSON.
    pub json: Option<String>,
    /// Who looks at it.
    pub visitor: Visitor,
    /// The number in the feed that the page knows; what comes after it changes its live regions.
    pub live_after: Option<i64>,
    /// The page's own part, as a template made it.
    pub content: String,
}

#[derive(Template)]
#[template(path = "frame.html")]
struct FrameTemplate<'f> {
    frame: &'f Frame,
    page: &'f Page,
}

impl Frame {
    /// The whole page.
    ///
    /// # Errors
    ///
    /// It cannot be rendered, which is a fault of the code.
    pub fn render(&self, page: &Page) -> Result<String, askama::Error> {
        FrameTemplate { frame: self, page }.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_a_page_is_marked_and_its_title_is_escaped() {
        let links = vec![
            NavLink { name: "Start", path: "/", key: 's' },
            NavLink { name: "Results", path: "/results", key: 'r' },
        ];
        let frame = Frame { links, is_test: false };
        let page = Page { title: "a <b>".to_owned(), place: "/results", ..Page::default() };
        let html = frame.render(&page).unwrap();
        assert!(html.contains("<title>a &#60;b&#62; – Tidegate</title>"), "{html}");
        assert!(html.contains(r#"<a href="/results" data-key="r" aria-current="page">Results</a>"#), "{html}");
        assert!(html.contains(r#"<a href="/" data-key="s">Start</a>"#), "{html}");
        assert!(!html.contains("test service"));
        assert!(Frame { is_test: true, ..frame }.render(&page).unwrap().contains("test service"));
    }

    #[test]
    fn whoever_looks_finds_the_way_in_or_the_account() {
        let frame = Frame::default();
        let of = |visitor| frame.render(&Page { visitor, ..Page::default() }).unwrap();
        assert!(of(Visitor::Nobody).contains(r#"<a class="who" href="/login">Log in</a>"#));
        assert!(of(Visitor::User("ann".to_owned())).contains("ann</a>"));
        assert!(of(Visitor::Unknown).contains(r#"href="/account">Account</a>"#));
    }
}
