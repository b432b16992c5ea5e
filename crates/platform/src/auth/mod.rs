//! Who may do what: users, teams, tokens, roles, sessions.
//!
//! [`Auth`] turns what a request shows into a [`Principal`]; routes and handlers ask that one whether it may. What is not
//! permitted by a role is denied. A principal is kept for a few seconds, so that a request costs no statement; whoever
//! changes rights tells all processes to forget theirs.
//!
//! *Invariant:* the store has only digests of secrets, and no error says whether a name exists.

mod error;
mod login;
mod look_up;
mod manage;
mod password;
mod people;
mod principal;
mod rights;
mod secrets;
mod setup;
mod store;
mod throttle;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use crate::config::AuthConfig;
use crate::retention::Rule;
use crate::store::{Db, Listener, Tx};

pub use error::AuthError;
pub use login::Session;
pub use look_up::Credentials;
pub use manage::{NewGrant, NewToken, NewUser, UserChange};
pub use people::{Grant, Holder, Name, NotAName, Team, Token, User, UserState};
pub use principal::{Holding, KnownUser, Principal, Shown, TokenLimits};
pub use rights::{ADMIN, ADMIN_ROLE, AUDIT, BadRights, GateRights, LINK, OPERATE, PLATFORM, Permission, Rights, Role};
pub use secrets::Digest;
pub use store::STATEMENTS;
pub(crate) use throttle::network;

/// What is set about rights.
#[derive(Debug, Clone)]
pub struct AuthOptions {
    /// Whether people without a login may read.
    pub anonymous_read: bool,
    /// Whether they may read what a gate says, where that is not as everywhere.
    pub anonymous_read_of: BTreeMap<&'static str, bool>,
    /// After how long without a request a session ends.
    pub session_idle: Duration,
    /// After how long a session ends at the latest.
    pub session_max: Duration,
    /// Roles that the configuration gives.
    pub grants: Vec<ConfiguredGrant>,
}

/// A role that the configuration gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredGrant {
    /// The role.
    pub role: String,
    /// Who has it, if it is a user.
    pub user: Option<String>,
    /// Whose members have it, if it is a team.
    pub team: Option<String>,
    /// On what, if not on everything.
    pub object: Option<String>,
    /// What it is narrowed to.
    pub only: Option<Vec<String>>,
}

/// Knows who may do what. Clones share it.
#[derive(Clone)]
pub struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    rights: Rights,
    options: RwLock<AuthOptions>,
    passwords: password::Passwords,
    throttle: throttle::Throttle,
    cache: Mutex<look_up::Cache>,
    changes: Mutex<Listener>,
}

impl Auth {
    /// By that store, those rights and that configuration.
    ///
    /// # Errors
    ///
    /// The configuration gives a role that does not exist.
    pub fn new(db: Db, rights: Rights, options: AuthOptions) -> Result<Self, AuthError> {
        check(&rights, &options)?;
        let options = RwLock::new(options);
        let passwords = password::Passwords::new(&*db.surroundings().rng);
        let changes = Mutex::new(db.signals().listen());
        let (throttle, cache) = (throttle::Throttle::default(), Mutex::default());
        Ok(Self { inner: Arc::new(Inner { db, rights, options, passwords, throttle, cache, changes }) })
    }

    /// All permissions and roles.
    pub fn rights(&self) -> &Rights {
        &self.inner.rights
    }

    /// Whether people without a login may read.
    pub fn anonymous_read(&self) -> bool {
        self.options().anonymous_read
    }

    /// Whether people without a login may read what that gate says.
    pub fn anonymous_read_of(&self, gate: &str) -> bool {
        let options = self.options();
        options.anonymous_read_of.get(gate).copied().unwrap_or(options.anonymous_read)
    }

    /// From now on these hold. Whoever was met before is met anew.
    ///
    /// # Errors
    ///
    /// They give a role that does not exist; then the old ones go on to hold.
    pub fn set_options(&self, options: AuthOptions) -> Result<(), AuthError> {
        check(&self.inner.rights, &options)?;
        *self.inner.options.write().unwrap_or_else(PoisonError::into_inner) = options;
        self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner).forget();
        Ok(())
    }

    fn options(&self) -> RwLockReadGuard<'_, AuthOptions> {
        self.inner.options.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn check(rights: &Rights, options: &AuthOptions) -> Result<(), AuthError> {
    let unknown = options.grants.iter().find(|grant| rights.permitted_by(&grant.role).is_none());
    unknown.map_or(Ok(()), |grant| Err(AuthError::unknown_role(rights, &grant.role)))
}

impl From<&AuthConfig> for AuthOptions {
    fn from(config: &AuthConfig) -> Self {
        let grants = config.grant.iter().map(|grant| ConfiguredGrant {
            role: grant.role.clone(),
            user: grant.user.clone(),
            team: grant.team.clone(),
            object: grant.on.clone(),
            only: grant.only.clone(),
        });
        Self {
            anonymous_read: config.anonymous_read,
            anonymous_read_of: BTreeMap::new(),
            session_idle: config.session_idle,
            session_max: config.session_max,
            grants: grants.collect(),
        }
    }
}

/// What the job of retention deletes here.
pub fn rules(options: &AuthOptions) -> Vec<Rule> {
    vec![store::rule(options.session_max)]
}

impl Tx {
    /// Has every process forget what it knows about who may do what.
    pub(crate) fn rights_changed(&mut self) {
        self.signal.rights = true;
    }
}
