//! Passwords in, sessions out.

use std::net::IpAddr;

use super::error::AuthError;
use super::principal::{KnownUser, Principal, Shown};
use super::secrets::{self, Digest};
use super::{Auth, store};
use crate::secret::Secret;
use crate::store::{Result as StoreResult, in_tx};

/// A session that was just opened.
#[derive(Debug)]
pub struct Session {
    /// What the cookie says.
    pub cookie: Secret,
    /// What forms have to carry.
    pub csrf: String,
    /// Whose it is.
    pub user: KnownUser,
}

impl Auth {
    /// Opens a session for whoever knows the password.
    ///
    /// # Errors
    ///
    /// The name or the password is wrong, there were too many tries, or the store is away.
    pub async fn log_in(&self, name: &str, password: &Secret, from: IpAddr) -> Result<Session, AuthError> {
        let user = self.check_password(name, password, from).await?;
        let cookie = secrets::new(secrets::SESSION, &*self.inner.db.surroundings().rng);
        let hash = Digest::of(secrets::SESSION, cookie.expose()).expect("it was just made");
        let (hash, id) = (hash.as_str(), user.id);
        let opened: StoreResult<()> =
            self.inner.db.write("platform.log_in", |tx| in_tx(store::open_session(tx, hash, id))).await;
        opened?;
        let csrf = secrets::csrf_of(cookie.expose());
        Ok(Session { cookie, csrf, user })
    }

    /// The user whose password this is.
    ///
    /// # Errors
    ///
    /// As for [`Self::log_in`].
    pub async fn check_password(&self, name: &str, password: &Secret, from: IpAddr) -> Result<KnownUser, AuthError> {
        let inner = &self.inner;
        let name: String = name.chars().take(100).collect();
        inner.throttle.begin(&name, from, inner.db.now()).map_err(AuthError::Throttled)?;
        let known: StoreResult<Option<_>> = inner.db.read(|reader| in_tx(store::password(reader, &name))).await;
        let (id, stored) = known?.map_or((None, None), |(id, stored)| (Some(id), stored));
        let right = inner.passwords.is(password, stored).await;
        let id = id.filter(|_| right).ok_or(AuthError::NotAuthenticated)?;
        inner.throttle.succeeded(&name, from);
        Ok(KnownUser { id, name })
    }

    /// Ends the session by which the principal is known.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn log_out(&self, principal: &Principal) -> Result<(), AuthError> {
        let Shown::Session { hash, .. } = principal.shown() else { return Ok(()) };
        let closed: StoreResult<bool> = self
            .inner
            .db
            .write("platform.log_out", |tx| {
                in_tx(async move {
                    tx.rights_changed();
                    store::close_session(tx, hash.as_str()).await
                })
            })
            .await;
        closed?;
        Ok(())
    }

    /// The hash of a new password, to be stored.
    ///
    /// # Errors
    ///
    /// The password is too short or too long.
    pub async fn hash_password(&self, password: &Secret) -> Result<String, AuthError> {
        Ok(self.inner.passwords.hash(password, &*self.inner.db.surroundings().rng).await?)
    }
}
