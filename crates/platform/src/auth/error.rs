//! Why somebody is not let in, or cannot be changed.

use std::time::Duration;

use tidegate_kernel::{Classified, ErrorClass};

use super::rights::Rights;
use crate::config::nearest;
use crate::store::StoreError;

/// Why somebody is not let in, or cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// What was shown opens nothing: wrong, expired, revoked, or of somebody who is blocked.
    #[error("this login is not valid, or not any more")]
    NotAuthenticated,
    /// Too many wrong passwords.
    #[error("too many failed logins: try again in {} s", .0.as_secs() + 1)]
    Throttled(Duration),
    /// The password is too short or too long.
    #[error(transparent)]
    BadPassword(#[from] super::password::BadPassword),
    /// Somebody has that name already.
    #[error("{what} {name:?} exists already")]
    Exists {
        /// What it is.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is nobody and nothing of that name.
    #[error("there is no {what} {name:?}")]
    NotFound {
        /// What it is.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// It was changed meanwhile.
    #[error("{name:?} was changed meanwhile: it has version {found} by now")]
    Changed {
        /// Whom.
        name: String,
        /// The version that it has.
        found: i64,
    },
    /// There is no such role.
    #[error("there is no role {name:?}{}", hint(.near.as_deref()))]
    UnknownRole {
        /// The name.
        name: String,
        /// One that was probably meant.
        near: Option<String>,
    },
    /// There is no such permission.
    #[error("there is no permission {name:?}{}", hint(.near.as_deref()))]
    UnknownPermission {
        /// The name.
        name: String,
        /// One that was probably meant.
        near: Option<String>,
    },
    /// More was asked for than whoever asks has.
    #[error("{0} is more than who asks for it has")]
    Beyond(String),
    /// The store says no.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn hint(near: Option<&str>) -> String {
    near.map(|near| format!("; did you mean {near:?}?")).unwrap_or_default()
}

impl AuthError {
    pub(super) fn unknown_role(rights: &Rights, name: &str) -> Self {
        Self::UnknownRole { name: name.to_owned(), near: nearest(name, rights.roles()).map(str::to_owned) }
    }

    pub(super) fn unknown_permission(rights: &Rights, name: &str) -> Self {
        let names = rights.permissions().map(super::rights::Permission::as_str);
        Self::UnknownPermission { name: name.to_owned(), near: nearest(name, names).map(str::to_owned) }
    }

    pub(super) fn not_found(what: &'static str, name: &str) -> Self {
        Self::NotFound { what, name: name.to_owned() }
    }
}

impl Classified for AuthError {
    fn class(&self) -> ErrorClass {
        match self {
            Self::Store(error) => error.class(),
            Self::NotAuthenticated
            | Self::Throttled(_)
            | Self::BadPassword(_)
            | Self::Exists { .. }
            | Self::NotFound { .. }
            | Self::Changed { .. }
            | Self::UnknownRole { .. }
            | Self::UnknownPermission { .. }
            | Self::Beyond(_) => ErrorClass::Mistake,
        }
    }
}
