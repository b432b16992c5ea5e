//! Who did it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What sort of actor it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActorKind {
    /// A person, by name.
    User,
    /// A program that holds a token, by the token's name.
    Token,
    /// One of our own jobs, by the job's name.
    Job,
    /// What told us from outside: a forge, a bus, a build system.
    Source,
    /// The program itself.
    System,
}

/// Who changed something: `user:ann`, `job:migrate.run`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Actor {
    /// What sort of actor it is.
    pub kind: ActorKind,
    /// Its name among its kind.
    pub name: String,
}

impl ActorKind {
    /// The word on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Job => "job",
            Self::Source => "source",
            Self::System => "system",
        }
    }
}

impl Actor {
    /// The actor of that kind and name.
    pub fn new(kind: ActorKind, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }

    /// A person.
    pub fn user(name: impl Into<String>) -> Self {
        Self::new(ActorKind::User, name)
    }

    /// One of our own jobs.
    pub fn job(name: impl Into<String>) -> Self {
        Self::new(ActorKind::Job, name)
    }

    /// The program itself, for what no job and no person does.
    pub fn system() -> Self {
        Self::new(ActorKind::System, "tidegate")
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.kind.name(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_has_kind_and_name() {
        assert_eq!(serde_json::to_string(&Actor::user("ann")).unwrap(), r#"{"kind":"user","name":"ann"}"#);
        assert_eq!(Actor::job("migrate.run").to_string(), "job:migrate.run");
        for kind in [ActorKind::User, ActorKind::Token, ActorKind::Job, ActorKind::Source, ActorKind::System] {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{:?}", kind.name()));
        }
    }
}
