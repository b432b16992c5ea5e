//! Files that a browser loads beside the page. They are part of the program, and no page loads anything else.

/// A file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asset {
    /// Where pages ask for it.
    pub path: &'static str,
    /// Its media type.
    pub kind: &'static str,
    /// What is in it.
    pub text: &'static str,
}

/// All of them.
pub const ASSETS: [Asset; 4] = [
    Asset { path: "/assets/style.css", kind: "text/css; charset=utf-8", text: include_str!("../assets/style.css") },
    Asset { path: "/assets/live.js", kind: "text/javascript; charset=utf-8", text: include_str!("../assets/live.js") },
    Asset { path: "/assets/keys.js", kind: "text/javascript; charset=utf-8", text: include_str!("../assets/keys.js") },
    Asset { path: "/assets/icon.svg", kind: "image/svg+xml", text: include_str!("../assets/icon.svg") },
];

#[cfg(test)]
mod tests {
    use super::ASSETS;

    #[test]
    fn a_page_loads_little() {
        let bytes: usize = ASSETS.iter().map(|asset| asset.text.len()).sum();
        assert!(bytes < 100_000, "{bytes}");
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in ASSETS.iter().filter(|asset| !asset.kind.starts_with("image/")) {
            assert!(!asset.text.contains("://"), "{}", asset.path);
        }
    }
}
