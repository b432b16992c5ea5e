//! What is set is shown without secrets, and another configuration is taken over as a whole or not at all.

use std::sync::{Arc, Mutex};

use serde_json::json;
use tidegate_platform::config::{ConfigErrors, Known, Reader, Reloaded, Running, Sources};
use tidegate_platform::http::{Platform, Routes, config_routes};
use tidegate_platform::section;
use tidegate_testkit::TestDb;

use super::{Service, sent};
use crate::wake::PLATFORM;

section! {
    /// The harbour.
    pub(crate) struct HarbourConfig {
        /// How deep it is, in feet.
        pub(crate) feet: value(u32) = "9",
        /// The pilots' secret.
        pub(crate) pilot_file: secret,
    }
}

/// A program that runs by a text.
pub(crate) struct ByText(Mutex<&'static str>);

pub(crate) fn routes(platform: &Platform) -> Routes {
    config_routes(platform.clone(), Arc::new(ByText(Mutex::new("[harbour]\nfeet = 12\n"))))
}

fn read(text: &str) -> Result<Vec<Known>, ConfigErrors> {
    let sources = Sources::of_text("harbour.toml", text);
    let mut reader = Reader::new(&sources);
    let read = reader.table::<HarbourConfig>("harbour");
    reader.finish(read).map(|(_, known)| known)
}

impl Running for ByText {
    fn shown(&self) -> Vec<Known> {
        read(&self.0.lock().expect("nobody panicked")).expect("it was read before")
    }

    fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let mut text = self.0.lock().expect("nobody panicked");
        if text.contains("feet = 12") {
            *text = "[harbour]\nfeet = 13\n";
            return Ok(Reloaded { changed: vec!["harbour.feet".to_owned()], at_restart: vec![] });
        }
        read("[harbour]\nfoot = 1\nfeet = \"deep\"\n").map(|_| Reloaded::default())
    }
}

#[test]
fn a_configuration_is_shown_and_taken_over_with_every_mistake_told() {
    TestDb::both(PLATFORM, async |t| {
        let service = Service::start(t).await;
        let at = "/api/v1/platform/config";
        let shown = async || sent(service.get(at)).await.1["items"].clone();
        let feet = |items: &serde_json::Value| items[0].clone();
        assert_eq!(feet(&shown().await)["value"], "12");
        assert_eq!(feet(&shown().await)["origin"], "harbour.toml:2:8");
        let reload = async || sent(service.post("/api/v1/platform/config/reload", &json!({}))).await;
        assert_eq!(reload().await, (200, json!({"changed": ["harbour.feet"], "at_restart": []})));
        assert_eq!(feet(&shown().await)["value"], "13");
        let (status, refused) = reload().await;
        assert_eq!(status, 409);
        let places: Vec<_> = refused["errors"].as_array().unwrap().iter().map(|item| item["at"].clone()).collect();
        assert_eq!(places, ["config:harbour.toml:2:1", "config:harbour.toml:3:8"]);
        assert_eq!(feet(&shown().await)["value"], "13", "the old one goes on to hold");
        let writes = t.rows("SELECT object FROM platform_write WHERE object = 'config'").await;
        assert_eq!(writes.len(), 1, "what was refused is no write");
        service.end().await;
    });
}
