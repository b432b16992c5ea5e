//! britney2: its configuration, hint files, state files and outputs.

pub mod config;
pub mod excuses_html;
pub mod excuses_yaml;
pub mod heidi;
pub mod hints;
pub mod state;
