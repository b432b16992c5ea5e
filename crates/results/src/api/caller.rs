//! Who sends a request, as far as the gate has to know.

use std::future::Future;
use std::pin::Pin;

use tidegate_kernel::{Actor, ActorKind};

/// Who sends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// As whom messages name them.
    pub actor: Actor,
    /// The user's name; that of a token's owner.
    pub user: String,
    /// Teams, and groups that a provider names.
    pub groups: Vec<String>,
    /// Whether they hold `results:write`.
    pub may_write: bool,
    /// Whether they hold `results:import`.
    pub may_import: bool,
}

/// Credentials that nobody has; the answer does not tell what is wrong with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKnown {
    /// None were sent, or nobody has them.
    #[error("authentication is required")]
    Refused,
    /// They cannot be looked up for now.
    #[error("who sends this cannot be looked up for now")]
    Unavailable,
}

/// The answer of [`Callers`].
pub type Known<'a> = Pin<Box<dyn Future<Output = Result<Caller, NotKnown>> + Send + 'a>>;

/// Knows who sends a request, by the token that comes with it.
pub trait Callers: Send + Sync {
    /// Who has that token. Without one: who anybody counts as, if there is somebody.
    fn caller<'a>(&'a self, token: Option<&'a str>) -> Known<'a>;
}

impl Caller {
    /// Anybody, where results are taken from anybody.
    pub(super) fn anybody() -> Self {
        Self {
            actor: Actor::new(ActorKind::Source, "anybody"),
            user: String::new(),
            groups: Vec::new(),
            may_write: true,
            may_import: false,
        }
    }

    /// Who is stored as the sender.
    pub(super) fn submitter(&self) -> Option<String> {
        Some(self.user.clone()).filter(|user| !user.is_empty())
    }
}
