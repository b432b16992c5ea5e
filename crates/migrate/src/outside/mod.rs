//! What the gate hears from other machines and tells them: test results and requests, addresses and mails.
//!
//! Apart from deciding. Before the excuses are made, [`crate::session`] gets everything that policies need as facts; after
//! they are made, what the policies ask for (test requests, letters) is carried out from here. All of it has time limits,
//! bounded sizes and bounded retries, and a failure means *unknown*, never *absent*. Each effect has a named point before
//! and after it (`tidegate_platform::step`).
//!
//! `results` looks for test results in one of three places (`swift`, `debci`, `database`); `requests` asks for tests
//! through a `queue` and keeps a `journal` of what it asked for. `letters` carries reminders to the uploaders that
//! `addresses` finds, over a server of `mail`. `copies` asks `launchpad` whence sources came.

mod addresses;
pub mod copies;
mod database;
mod debci;
mod found;
mod http;
pub mod journal;
mod launchpad;
pub mod letters;
pub mod mail;
mod message;
mod queue;
pub mod requests;
pub mod results;
mod swift;
mod web;

use std::io;

/// Why something that the decision needs is not known.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// A server did not answer as it should.
    #[error(transparent)]
    Http(#[from] http::HttpError),
    /// What came, or what lies there, is not what it should be.
    #[error("{place}: {why}")]
    Unusable {
        /// The file, or the URL without credentials.
        place: String,
        /// What is wrong and what is expected.
        why: String,
    },
    /// The machine does not let us wait for answers.
    #[error("cannot wait for answers of other machines: {0}")]
    Machine(#[from] io::Error),
}

/// What waits for answers. One thread does: other machines are what takes time.
fn waiting_room() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

/// The URL as it may be shown: without user and password.
fn shown(url: &reqwest::Url) -> String {
    let mut url = url.clone();
    // A URL that cannot have credentials has none.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}
