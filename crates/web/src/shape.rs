//! Outcomes as shapes in a picture: each tone has its own, so that none is told by its colour alone.

use std::fmt;

use askama::filters::HtmlSafe;

use crate::chip::Tone;

/// A shape of 18 by 18 units round its middle, as a part of an SVG.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    /// What it stands for.
    pub tone: Tone,
    /// Whether a mark at its corner says that it was otherwise before.
    pub has_moved: bool,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.tone {
            Tone::Good => r#"<circle class="shape" r="9"/><path class="sign" d="M-4 0 L-1 3.5 L4.5 -3.5"/>"#,
            Tone::Bad => {
                r#"<rect class="shape" x="-9" y="-9" width="18" height="18" rx="2.5"/><path class="sign" d="M-4 -4 L4 4 M4 -4 L-4 4"/>"#
            }
            Tone::Warn => {
                r#"<path class="shape" d="M0 -11 L11 9 L-11 9 Z"/><path class="sign" d="M0 -3 L0 2 M0 5.5 L0 6"/>"#
            }
            Tone::Busy => r#"<circle class="shape" r="8"/>"#,
            Tone::Calm => r#"<circle class="shape" r="4.5"/>"#,
        })?;
        if self.has_moved { f.write_str(r#"<path class="moved" d="M9 -14 L14 -9 L9 -4 L4 -9 Z"/>"#) } else { Ok(()) }
    }
}

impl HtmlSafe for Shape {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tone_has_a_shape_of_its_own() {
        let tones = [Tone::Good, Tone::Bad, Tone::Warn, Tone::Busy, Tone::Calm];
        let shapes: std::collections::BTreeSet<_> =
            tones.iter().map(|tone| Shape { tone: *tone, has_moved: false }.to_string()).collect();
        assert_eq!(shapes.len(), tones.len());
        assert!(Shape { tone: Tone::Good, has_moved: true }.to_string().contains("moved"));
    }
}
