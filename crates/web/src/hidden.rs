//! What every form says beside its own fields.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::escape::Escaped;

/// The fields of a form that nobody sees: the token of the session, and the page where the browser goes then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hidden {
    /// What only our own pages know; nothing without a session.
    pub csrf: Option<String>,
    /// A path of this service.
    pub then: String,
}

impl fmt::Display for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(csrf) = &self.csrf {
            write!(f, "<input type=\"hidden\" name=\"csrf_token\" value=\"{}\">", Escaped(csrf))?;
        }
        write!(f, "<input type=\"hidden\" name=\"then\" value=\"{}\">", Escaped(&self.then))
    }
}

impl HtmlSafe for Hidden {}

#[cfg(test)]
mod tests {
    use super::Hidden;

    #[test]
    fn a_path_stays_within_its_field() {
        let hidden = Hidden { csrf: None, then: "/ops?q=\"><b>".to_owned() };
        assert_eq!(hidden.to_string(), r#"<input type="hidden" name="then" value="/ops?q=&quot;&gt;&lt;b&gt;">"#);
    }
}
