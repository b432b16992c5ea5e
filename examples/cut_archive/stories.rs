//! What the example is to show: sources that were picked by hand from a run on the whole archive.

/// Sources that belong together.
pub(crate) struct Story {
    /// What can be seen.
    pub(crate) shows: &'static str,
    pub(crate) sources: &'static [&'static str],
}

/// The stories. Those that need little come first only where that reads well: the order changes nothing but the log.
pub(crate) const STORIES: &[Story] = &[
    Story {
        shows: "the next GNOME: the shell cannot move before its extensions, and they cannot before it",
        sources: &[
            "gnome-shell",
            "mutter",
            "gnome-shell-extensions",
            "gnome-shell-frippery",
            "gnome-kiosk",
            "gpaste",
            "xdg-desktop-portal-gnome",
            "gnome-shell-extension-appindicator",
            "gnome-shell-extension-arc-menu",
            "gnome-shell-extension-autohidetopbar",
            "gnome-shell-extension-blur-my-shell",
            "gnome-shell-extension-caffeine",
            "gnome-shell-extension-dash-to-panel",
            "gnome-shell-extension-desktop-icons-ng",
            "gnome-shell-extension-easyscreencast",
            "gnome-shell-extension-freon",
            "gnome-shell-extension-gsconnect",
            "gnome-shell-extension-hamster",
            "gnome-shell-extension-impatience",
            "gnome-shell-extension-just-perfection",
            "gnome-shell-extension-manager",
            "gnome-shell-extension-paperwm",
            "gnome-shell-extension-tiling-assistant",
            "gnome-shell-extension-weather",
            "gnome-shell-extension-wsmatrix",
        ],
    },
    Story {
        shows: "a library changes its name, one of its users is not built: the old library stays beside the new one",
        sources: &[
            "libgedit-tepl",
            "libgedit-gtksourceview",
            "gedit",
            "gedit-plugins",
            "gedit-latex-plugin",
            "biosyntax",
        ],
    },
    Story {
        shows: "two more libraries that stay because of users that were not rebuilt",
        sources: &["duckdb", "lua-dbi", "lua-sql", "pupnp", "mpd", "silverjuke", "gmrender-resurrect"],
    },
    Story {
        shows: "a library whose users were all rebuilt: the old one goes",
        sources: &[
            "gumbo-parser",
            "httpdirfs-fuse",
            "kristall",
            "libhtml-gumbo-perl",
            "mupdf",
            "newsraft",
            "tdom",
            "zim-tools",
            "claws-mail",
        ],
    },
    Story {
        shows: "what can only move together, and does",
        sources: &[
            "python3-defaults",
            "python3.14",
            "python3.15",
            "setuptools",
            "sphinx",
            "linux",
            "linux-signed-amd64",
            "systemd",
            "systemd-boot-efi-amd64-signed",
            "curl",
            "pycurl",
            "djvulibre",
            "python-djvulibre",
            "batik",
            "fop",
            "libowasp-antisamy-java",
            "bouncycastle",
            "voms-api-java",
            "emacs-async",
            "helm",
            "gradle",
            "gradle-debian-helper",
            "gradle-kotlin-dsl",
            "kotlin",
            "maven-debian-helper",
            "maven-repo-helper",
            "icinga-php-library",
            "icingaweb2",
            "mistune",
            "python-m2r2",
        ],
    },
    Story {
        shows: "four PHP libraries that could move together, if it were not for one program",
        sources: &["guzzle", "php-guzzlehttp-promises", "php-guzzlehttp-psr7", "php-psr-http-message", "php-slim"],
    },
    Story {
        shows: "programs whose plugins ask for the version that testing has",
        sources: &[
            "hyprland",
            "hyprutils",
            "hyprland-plugins",
            "proftpd-dfsg",
            "proftpd-mod-autohost",
            "proftpd-mod-case",
            "proftpd-mod-counter",
            "proftpd-mod-proxy",
            "proftpd-mod-vroot",
        ],
    },
    Story {
        shows: "a version of a library that is gone, and those who still want it",
        sources: &["leatherman", "cpp-hocon", "swift-im", "solarpowerlog", "libpwiz", "anytun", "sinfo"],
    },
    Story {
        shows: "held by what another package lacks",
        sources: &["wine", "ntldd", "dxvk", "xemacs21", "xemacs21-packages", "android-framework-23", "libscout"],
    },
    Story {
        shows: "not built yet, or not built any more",
        sources: &[
            "asciitree",
            "commons-daemon",
            "eumdac",
            "ostree-push",
            "quickml",
            "tiledarray",
            "staticsite",
            "libgee-0.8",
            "pg-stat-tcpinfo",
            "kleidiai",
            "fwupd-arm64-signed",
        ],
    },
    Story { shows: "built with a source that is gone", sources: &["mender-connect"] },
    Story {
        shows: "candidates that cannot be installed where they want to go",
        sources: &["asl", "sa-exim", "dovecot-antispam", "litecoin", "minetest-mod-mesecons", "esstra", "libonvif"],
    },
];

/// Whether a source is one of a story's.
pub(crate) fn tells(source: &str) -> bool {
    STORIES.iter().any(|story| story.sources.contains(&source))
}
