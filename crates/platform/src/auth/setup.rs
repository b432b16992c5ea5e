//! The first admin of a new store.

use std::time::Duration;

use super::error::AuthError;
use super::manage::{NewGrant, NewUser};
use super::people::{Holder, User};
use super::rights::ADMIN_ROLE;
use super::secrets::{self, Digest};
use super::{Auth, store};
use crate::secret::Secret;
use crate::store::{Reads, Result as StoreResult, Tx, in_tx};

/// How long a setup token is good.
const GOOD_FOR: Duration = Duration::from_secs(86_400);

impl Auth {
    /// A new one-time token for the first admin, which voids the one before; nothing if there are users.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn new_setup_token(&self) -> Result<Option<Secret>, AuthError> {
        let token = secrets::new(secrets::SETUP, &*self.inner.db.surroundings().rng);
        let hash = Digest::of(secrets::SETUP, token.expose()).expect("it was just made");
        let hash = hash.as_str();
        let made: StoreResult<bool> = self
            .inner
            .db
            .write("platform.setup_token", |tx| {
                in_tx(async move {
                    let is_new = !store::has_users(tx).await?;
                    if is_new {
                        store::set_setup(tx, hash, tx.now().later(GOOD_FOR)).await?;
                    }
                    Ok(is_new)
                })
            })
            .await;
        Ok(made?.then_some(token))
    }

    /// Whether there is nobody yet who could log in.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn is_empty(&self, reader: &mut impl Reads) -> Result<bool, AuthError> {
        Ok(!store::has_users(reader).await?)
    }

    /// Makes the first admin, by the token that was printed at the start.
    ///
    /// # Errors
    ///
    /// The token is not the one, was used or has expired, or there are users.
    pub async fn set_up(&self, tx: &mut Tx, token: &Secret, admin: &NewUser) -> Result<User, AuthError> {
        let hash = Digest::of(secrets::SETUP, token.expose()).ok_or(AuthError::NotAuthenticated)?;
        if !store::take_setup(tx, hash.as_str()).await? || store::has_users(tx).await? {
            return Err(AuthError::NotAuthenticated);
        }
        let user = self.add_user(tx, admin).await?;
        let grant = NewGrant {
            holder: Holder::User(admin.name.clone()),
            role: ADMIN_ROLE.to_owned(),
            object: None,
            only: None,
        };
        self.add_grant(tx, &grant).await?;
        Ok(user)
    }
}
