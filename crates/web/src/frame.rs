//! The frame around every page: its head, the navigation, the search field, the foot.

use askama::Template;

/// A place in the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NavLink {
    /// What it is called.
    pub name: &'static str,
    /// Where it is.
    pub path: &'static str,
}

/// The frame with the places that this service has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Frame {
    /// In the order of the flow.
    pub links: Vec<NavLink>,
    /// Whether whoever likes may empty this service, which each page says.
    pub is_test: bool,
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
    /// Who is logged in.
    pub user: Option<String>,
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
        let links = vec![NavLink { name: "Start", path: "/" }, NavLink { name: "Results", path: "/results" }];
        let frame = Frame { links, is_test: false };
        let page = Page { title: "a <b>".to_owned(), place: "/results", ..Page::default() };
        let html = frame.render(&page).unwrap();
        assert!(html.contains("<title>a &#60;b&#62; – Tidegate</title>"), "{html}");
        assert!(html.contains(r#"<a href="/results" aria-current="page">Results</a>"#), "{html}");
        assert!(html.contains(r#"<a href="/">Start</a>"#), "{html}");
        assert!(!html.contains("test service"));
        assert!(Frame { is_test: true, ..frame }.render(&page).unwrap().contains("test service"));
    }
}
