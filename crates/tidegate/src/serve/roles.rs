//! What one process of the service does. On SQLite one process does all; on PostgreSQL there are as many as wanted.

use clap::ValueEnum;
use tidegate_platform::store::Db;

use crate::failure::Failure;

/// Something that a process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Role {
    /// Pages and interfaces
    Web,
    /// Jobs
    Worker,
    /// Sending what was announced
    Relay,
    /// Hearing the bus
    Consumer,
    /// The repositories of the embedded forge, which are on one machine
    Forge,
}

impl Role {
    pub(crate) const ALL: [Self; 5] = [Self::Web, Self::Worker, Self::Relay, Self::Consumer, Self::Forge];
    /// Those without a listener.
    pub(crate) const UNSEEN: [Self; 4] = [Self::Worker, Self::Relay, Self::Consumer, Self::Forge];

    fn name(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Worker => "worker",
            Self::Relay => "relay",
            Self::Consumer => "consumer",
            Self::Forge => "forge",
        }
    }
}

/// What this process does.
#[derive(Debug, Clone)]
pub(super) struct Roles(Vec<Role>);

impl Roles {
    pub(super) fn new(roles: &[Role]) -> Self {
        Self(Role::ALL.into_iter().filter(|role| roles.contains(role)).collect())
    }

    pub(super) fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Their names, in which jobs ask for what they need.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|role| role.name()).collect()
    }

    /// As people see them in the list of processes.
    pub(super) fn shown(&self) -> String {
        if self.0.len() == Role::ALL.len() { "all".to_owned() } else { self.names().join(",") }
    }

    /// Refuses to be one of several on a store that has one process.
    pub(super) fn check(&self, db: &Db) -> Result<(), Failure> {
        if db.is_postgres() || self.0.len() == Role::ALL.len() {
            return Ok(());
        }
        let text = "SQLite has one process, which does everything: leave --roles out, or set store.url to a PostgreSQL";
        Err(Failure::usage(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_named_once_and_in_their_order() {
        let roles = Roles::new(&[Role::Relay, Role::Web, Role::Relay]);
        assert_eq!((roles.names(), roles.shown()), (vec!["web", "relay"], "web,relay".to_owned()));
        assert_eq!(Roles::new(&Role::ALL).shown(), "all");
    }
}
