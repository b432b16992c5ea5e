//! From what a request shows to who makes it.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tidegate_kernel::Timestamp;
use tokio::time::Instant;

use super::error::AuthError;
use super::principal::{Holding, KnownUser, Principal, Shown, TokenLimits};
use super::rights::Rights;
use super::secrets::{self, Digest};
use super::store::{self, By, HeldRow};
use super::{Auth, ConfiguredGrant};
use crate::secret::Secret;
use crate::store::{Durability, Isolation, Result as StoreResult, Tx, in_tx};

/// So long somebody is known without asking the store again.
const KNOWN_FOR: Duration = Duration::from_secs(5);
/// So many are known at a time.
const KNOWN: usize = 10_000;
/// When a token was used is written at most so often, and when a session was seen.
const TOKEN_USED_EVERY: Duration = Duration::from_secs(60);
const SESSION_SEEN_EVERY: Duration = Duration::from_secs(300);

/// What a request shows to be trusted.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// Nothing.
    Nothing,
    /// A token, however it was sent.
    Token(Secret),
    /// The cookie of a session.
    Session(Secret),
    /// The name that a trusted proxy gives.
    Proxy(String),
}

/// Who was met in the last seconds.
#[derive(Debug, Default)]
pub(super) struct Cache {
    met: HashMap<String, (Instant, Arc<Principal>)>,
    /// How often all were forgotten.
    forgotten: u64,
}

impl Cache {
    fn get(&self, hash: &str) -> Option<Arc<Principal>> {
        let (since, principal) = self.met.get(hash)?;
        (since.elapsed() < KNOWN_FOR).then(|| Arc::clone(principal))
    }

    pub(super) fn forget(&mut self) {
        self.met.clear();
        self.forgotten += 1;
    }

    /// Keeps whom the store knew when all had been forgotten so often; what changed since may be about that one.
    fn put(&mut self, hash: &str, principal: &Arc<Principal>, forgotten: u64) {
        if self.met.len() >= KNOWN {
            self.met.retain(|_, (since, _)| since.elapsed() < KNOWN_FOR);
        }
        if self.met.len() < KNOWN && self.forgotten == forgotten {
            self.met.insert(hash.to_owned(), (Instant::now(), Arc::clone(principal)));
        }
    }
}

/// By what somebody is looked up, now and later again.
#[derive(Debug)]
enum Login {
    Token(Digest),
    Session { hash: Digest, csrf: String },
    Name(String),
}

impl Login {
    /// By what a request shows; nothing if it shows nothing.
    fn shown(credentials: &Credentials) -> Result<Option<Self>, AuthError> {
        let digest = |prefix, secret: &Secret| Digest::of(prefix, secret.expose()).ok_or(AuthError::NotAuthenticated);
        Ok(match credentials {
            Credentials::Nothing => None,
            Credentials::Token(token) => Some(Self::Token(digest(secrets::TOKEN, token)?)),
            Credentials::Session(cookie) => {
                let (hash, csrf) = (digest(secrets::SESSION, cookie)?, secrets::csrf_of(cookie.expose()));
                Some(Self::Session { hash, csrf })
            }
            Credentials::Proxy(name) => Some(Self::Name(name.clone())),
        })
    }

    /// By what that one was met; nothing if no login was needed.
    fn of(principal: &Principal) -> Option<Self> {
        match &principal.shown {
            Shown::Nothing | Shown::Store => None,
            Shown::Token(limits) => Some(Self::Token(limits.hash.clone())),
            Shown::Session { csrf, hash } => Some(Self::Session { hash: hash.clone(), csrf: csrf.clone() }),
            Shown::Proxy => principal.user.as_ref().map(|user| Self::Name(user.name.clone())),
        }
    }

    fn digest(&self) -> Option<&Digest> {
        match self {
            Self::Token(hash) | Self::Session { hash, .. } => Some(hash),
            Self::Name(_) => None,
        }
    }

    /// Under what the principal is kept; no name is taken for a digest.
    fn key(&self) -> String {
        match self {
            Self::Token(hash) | Self::Session { hash, .. } => hash.as_str().to_owned(),
            Self::Name(name) => format!("name:{name}"),
        }
    }

    /// What the principal of that row shows.
    fn principal_shows(&self, row: &HeldRow) -> Shown {
        match self {
            Self::Token(hash) => Shown::Token(TokenLimits {
                id: row.token.clone().unwrap_or_default(),
                name: row.token_name.clone().unwrap_or_default(),
                hash: hash.clone(),
                scopes: row.scopes.as_ref().map(|scopes| scopes.0.iter().cloned().collect()),
                object: row.token_object.clone(),
            }),
            Self::Session { hash, csrf } => Shown::Session { csrf: csrf.clone(), hash: hash.clone() },
            Self::Name(_) => Shown::Proxy,
        }
    }
}

impl Auth {
    /// Who makes a request that shows this.
    ///
    /// # Errors
    ///
    /// What is shown opens nothing, or the store is away.
    pub async fn principal(&self, credentials: &Credentials) -> Result<Arc<Principal>, AuthError> {
        match Login::shown(credentials)? {
            Some(login) => self.known(&login).await,
            None => Ok(Arc::new(Principal::anonymous())),
        }
    }

    /// Whether somebody who was met before would be let in now. A stream asks it for each message that it tells: what was
    /// revoked meanwhile is refused as soon as for a request, and listening is a use of a login as a request is.
    ///
    /// # Errors
    ///
    /// What was shown opens nothing any more, or the store is away.
    pub(crate) async fn still_lets_in(&self, met: &Principal) -> Result<(), AuthError> {
        match Login::of(met) {
            Some(login) => self.known(&login).await.map(drop),
            None => Ok(()),
        }
    }

    /// A user that this transaction made, with what it has by now.
    pub(crate) async fn of_new_user(&self, tx: &mut Tx, name: &str) -> Result<Principal, AuthError> {
        let rows = store::who(tx, By::Name(name)).await?;
        self.of_rows(&rows, &Login::Name(name.to_owned()))
    }

    /// Forgets whoever was met, after rights changed.
    fn forget_changed(&self) {
        let mut changes = self.inner.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = false;
        while let Some(signal) = changes.next_now() {
            changed |= signal.rights || signal.everything;
        }
        if changed {
            self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner).forget();
        }
    }

    /// Who that login stands for, as it was found in the last seconds or as the store says now.
    async fn known(&self, login: &Login) -> Result<Arc<Principal>, AuthError> {
        self.forget_changed();
        let key = login.key();
        let forgotten = {
            let cache = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(principal) = cache.get(&key) {
                return Ok(principal);
            }
            cache.forgotten
        };
        let now = self.inner.db.now();
        let (idle, max) = {
            let options = self.options();
            (options.session_idle, options.session_max)
        };
        let by = match login {
            Login::Token(hash) => By::Token(hash.as_str(), now),
            Login::Session { hash, .. } => By::Session(hash.as_str(), now.earlier(idle), now.earlier(max)),
            Login::Name(name) => By::Name(name),
        };
        let rows: StoreResult<Vec<_>> = self.inner.db.read(|reader| in_tx(store::who(reader, by))).await;
        let rows = rows?;
        let principal = Arc::new(self.of_rows(&rows, login)?);
        self.note_use(login, rows.first().and_then(|row| row.used_at)).await;
        self.forget_changed();
        self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner).put(&key, &principal, forgotten);
        Ok(principal)
    }

    fn of_rows(&self, rows: &[HeldRow], login: &Login) -> Result<Principal, AuthError> {
        let first = rows.first().filter(|row| login.digest().is_none_or(|digest| digest.is(&row.hash)));
        let first = first.ok_or(AuthError::NotAuthenticated)?;
        let named = |kind: &'static str| {
            rows.iter()
                .filter(move |row| row.kind.as_deref() == Some(kind))
                .filter_map(|row| Some((row, row.held.as_deref()?)))
        };
        let teams = named("team").map(|(_, team)| team.to_owned()).collect();
        let mut holdings: Vec<_> = named("role").filter_map(|(row, role)| self.of_store(row, role)).collect();
        let options = self.options();
        let configured = options.grants.iter().filter(|grant| is_for(grant, &first.name, &teams));
        holdings.extend(configured.filter_map(|grant| {
            let permits = Arc::new(self.inner.rights.permitted_by(&grant.role)?.clone());
            let (role, object, narrowed) = (grant.role.clone(), grant.object.clone(), grant.only.clone());
            Some(Holding { role, permits, object, narrowed })
        }));
        let user = Some(KnownUser { id: first.id, name: first.name.clone() });
        Ok(Principal { user, shown: login.principal_shows(first), holdings, teams })
    }

    /// A role of a gate that this program does not have permits nothing.
    fn of_store(&self, row: &HeldRow, role: &str) -> Option<Holding> {
        let permits = Arc::new(permitted(&self.inner.rights, role)?);
        let object = row.object.clone().filter(|object| !object.is_empty());
        let narrowed = row.narrowed.as_ref().map(|narrowed| narrowed.0.clone());
        Some(Holding { role: role.to_owned(), permits, object, narrowed })
    }

    /// Writes that a token was used or a session seen, now and then. That this fails is no reason to refuse a request.
    async fn note_use(&self, login: &Login, last: Option<i64>) {
        let every = match login {
            Login::Token(_) => TOKEN_USED_EVERY,
            Login::Session { .. } => SESSION_SEEN_EVERY,
            Login::Name(_) => return,
        };
        let last = last.and_then(Timestamp::from_microseconds);
        if last.is_some_and(|last| last.later(every) > self.inner.db.now()) {
            return;
        }
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let noted: StoreResult<()> = self
            .inner
            .db
            .write_with("platform.seen", durability, isolation, |tx| {
                in_tx(async move {
                    match login {
                        Login::Token(hash) => store::token_used(tx, hash.as_str()).await,
                        Login::Session { hash, .. } => store::session_seen(tx, hash.as_str()).await,
                        Login::Name(_) => Ok(()),
                    }
                })
            })
            .await;
        if let Err(error) = noted {
            tracing::debug!(%error, "that a login was used was not noted");
        }
    }
}

fn permitted(rights: &Rights, role: &str) -> Option<std::collections::BTreeSet<super::Permission>> {
    rights.permitted_by(role).cloned()
}

fn is_for(grant: &ConfiguredGrant, user: &str, teams: &std::collections::BTreeSet<String>) -> bool {
    grant.user.as_deref() == Some(user) || grant.team.as_ref().is_some_and(|team| teams.contains(team))
}
