//! Who is let in, and what that one may do.

mod passwords;
mod tokens;

use std::sync::Arc;
use std::time::Duration;
use tidegate_platform::auth::{
    Auth, AuthError, AuthOptions, ConfiguredGrant, Credentials, GateRights, Grant, Holder, Name, NewGrant, NewToken,
    NewUser, Permission, Principal, Rights, Role, Token, User,
};
use tidegate_platform::secret::Secret;
use tidegate_platform::store::{Db, in_tx};

pub(crate) const STAY: Permission = Permission::new("harbour:stay");
pub(crate) const LOAD: Permission = Permission::new("harbour:load");
const HARBOUR: GateRights = GateRights {
    prefix: "harbour",
    permissions: &[STAY, LOAD],
    roles: &[Role { name: "harbour.guest", permits: &[STAY] }, Role { name: "harbour.docker", permits: &[STAY, LOAD] }],
};

pub(crate) fn options(grants: Vec<ConfiguredGrant>) -> AuthOptions {
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    AuthOptions {
        anonymous_read: true,
        anonymous_read_of: std::collections::BTreeMap::new(),
        session_idle: hours(12),
        session_max: hours(168),
        grants,
    }
}

pub(crate) fn auth(db: &Db) -> Auth {
    Auth::new(db.clone(), Rights::of(&[HARBOUR]).expect("it is as the test says"), options(vec![]))
        .expect("it is as the test says")
}

/// What an admin does, each in a transaction of its own.
pub(crate) struct Office<'o> {
    pub(crate) db: &'o Db,
    pub(crate) auth: &'o Auth,
}

impl Office<'_> {
    pub(crate) async fn user(&self, name: &str, password: Option<&str>) -> Result<User, AuthError> {
        let password = match password {
            Some(password) => Some(self.auth.hash_password(&Secret::new(password)).await?),
            None => None,
        };
        let new = NewUser { name: name.parse().expect("it is as the test says"), title: None, mail: None, password };
        self.db.write("harbour.user", |tx| in_tx(self.auth.add_user(tx, &new))).await
    }

    pub(crate) async fn team(&self, name: &str, members: &[&str]) {
        let name: Name = name.parse().expect("it is as the test says");
        let made: Result<(), AuthError> = self
            .db
            .write("harbour.team", |tx| {
                let name = name.clone();
                in_tx(async move {
                    self.auth.add_team(tx, &name, None).await?;
                    for member in members {
                        self.auth.set_member(tx, name.as_str(), member, true).await?;
                    }
                    Ok(())
                })
            })
            .await;
        made.expect("it is as the test says");
    }

    pub(crate) async fn grant(&self, holder: Holder, role: &str, object: Option<&str>) -> Result<Grant, AuthError> {
        let new = NewGrant { holder, role: role.to_owned(), object: object.map(str::to_owned), only: None };
        self.db.write("harbour.grant", |tx| in_tx(self.auth.add_grant(tx, &new))).await
    }

    pub(crate) async fn token(&self, by: &Principal, scopes: Option<&[&str]>) -> Result<(Token, Secret), AuthError> {
        let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let new = NewToken { user: None, name: "ci".to_owned(), scopes, object: None, expires_at: None };
        self.db.write("harbour.token", |tx| in_tx(self.auth.add_token(tx, by, &new))).await
    }

    pub(crate) async fn revoke(&self, id: &str) {
        let revoked: Result<bool, AuthError> =
            self.db.write("harbour.revoke", |tx| in_tx(self.auth.revoke_token(tx, id))).await;
        assert!(revoked.expect("it is as the test says"));
    }

    /// The user as a trusted proxy would name it.
    pub(crate) async fn by_name(&self, name: &str) -> Arc<Principal> {
        self.auth.principal(&Credentials::Proxy(name.to_owned())).await.expect("it is as the test says")
    }
}

pub(crate) fn user(name: &str) -> Holder {
    Holder::User(name.parse().expect("it is as the test says"))
}

pub(crate) fn team(name: &str) -> Holder {
    Holder::Team(name.parse().expect("it is as the test says"))
}
