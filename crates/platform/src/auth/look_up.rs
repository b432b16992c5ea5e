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

    fn forget(&mut self) {
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

impl Auth {
    /// Who makes a request that shows this.
    ///
    /// # Errors
    ///
    /// What is shown opens nothing, or the store is away.
    pub async fn principal(&self, credentials: &Credentials) -> Result<Arc<Principal>, AuthError> {
        match credentials {
            Credentials::Nothing => Ok(Arc::new(Principal::anonymous())),
            Credentials::Token(token) => {
                let hash = Digest::of(secrets::TOKEN, token.expose()).ok_or(AuthError::NotAuthenticated)?;
                self.known(hash, None).await
            }
            Credentials::Session(cookie) => {
                let hash = Digest::of(secrets::SESSION, cookie.expose()).ok_or(AuthError::NotAuthenticated)?;
                self.known(hash, Some(secrets::csrf_of(cookie.expose()))).await
            }
            Credentials::Proxy(name) => {
                let rows: StoreResult<Vec<_>> =
                    self.inner.db.read(|reader| in_tx(store::who(reader, By::Name(name)))).await;
                self.of_rows(&rows?, None, |_| Shown::Proxy).map(Arc::new)
            }
        }
    }

    /// A user that this transaction made, with what it has by now.
    pub(crate) async fn of_new_user(&self, tx: &mut Tx, name: &str) -> Result<Principal, AuthError> {
        let rows = store::who(tx, By::Name(name)).await?;
        self.of_rows(&rows, None, |_| Shown::Proxy)
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

    /// By the digest of a token, or of a session, which has a token against forged requests.
    async fn known(&self, hash: Digest, csrf: Option<String>) -> Result<Arc<Principal>, AuthError> {
        self.forget_changed();
        let forgotten = {
            let cache = self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(principal) = cache.get(hash.as_str()) {
                return Ok(principal);
            }
            cache.forgotten
        };
        let now = self.inner.db.now();
        let (idle, max) = {
            let options = self.options();
            (options.session_idle, options.session_max)
        };
        let text = hash.as_str();
        let is_session = csrf.is_some();
        let by = if is_session { By::Session(text, now.earlier(idle), now.earlier(max)) } else { By::Token(text, now) };
        let rows: StoreResult<Vec<_>> = self.inner.db.read(|reader| in_tx(store::who(reader, by))).await;
        let rows = rows?;
        let shown = |row: &HeldRow| match &csrf {
            Some(csrf) => Shown::Session { csrf: csrf.clone(), hash: text.to_owned() },
            None => Shown::Token(limits(row)),
        };
        let principal = Arc::new(self.of_rows(&rows, Some(&hash), shown)?);
        self.note_use(&hash, is_session, rows.first().and_then(|row| row.used_at)).await;
        self.forget_changed();
        self.inner.cache.lock().unwrap_or_else(PoisonError::into_inner).put(hash.as_str(), &principal, forgotten);
        Ok(principal)
    }

    fn of_rows(
        &self,
        rows: &[HeldRow],
        hash: Option<&Digest>,
        shown: impl FnOnce(&HeldRow) -> Shown,
    ) -> Result<Principal, AuthError> {
        let first = rows.first().filter(|row| hash.is_none_or(|hash| hash.is(&row.hash)));
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
        Ok(Principal { user, shown: shown(first), holdings, teams })
    }

    /// A role of a gate that this program does not have permits nothing.
    fn of_store(&self, row: &HeldRow, role: &str) -> Option<Holding> {
        let permits = Arc::new(permitted(&self.inner.rights, role)?);
        let object = row.object.clone().filter(|object| !object.is_empty());
        let narrowed = row.narrowed.as_ref().map(|narrowed| narrowed.0.clone());
        Some(Holding { role: role.to_owned(), permits, object, narrowed })
    }

    /// Writes that a token was used or a session seen, now and then. That this fails is no reason to refuse a request.
    async fn note_use(&self, hash: &Digest, is_session: bool, last: Option<i64>) {
        let (now, hash) = (self.inner.db.now(), hash.as_str());
        let every = if is_session { SESSION_SEEN_EVERY } else { TOKEN_USED_EVERY };
        let last = last.and_then(Timestamp::from_microseconds);
        if last.is_some_and(|last| last.later(every) > now) {
            return;
        }
        let (durability, isolation) = (Durability::Rebuildable, Isolation::ReadCommitted);
        let noted: StoreResult<()> = self
            .inner
            .db
            .write_with("platform.seen", durability, isolation, |tx| {
                in_tx(async move {
                    if is_session { store::session_seen(tx, hash).await } else { store::token_used(tx, hash).await }
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

fn limits(row: &HeldRow) -> TokenLimits {
    TokenLimits {
        id: row.token.clone().unwrap_or_default(),
        name: row.token_name.clone().unwrap_or_default(),
        scopes: row.scopes.as_ref().map(|scopes| scopes.0.iter().cloned().collect()),
        object: row.token_object.clone(),
    }
}
