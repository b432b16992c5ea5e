//! Changes of users, teams, tokens and grants, each inside a transaction of its caller.

use std::time::Duration;

use tidegate_kernel::Timestamp;

use super::error::AuthError;
use super::people::{Grant, Holder, Name, Team, Token, User, UserState};
use super::principal::Principal;
use super::secrets::{self, Digest};
use super::store::{self, GrantRow, TokenRow, UserRow};
use super::{ADMIN, Auth};
use crate::secret::Secret;
use crate::store::{Reads, StoreError, Tx};

type Result<T> = std::result::Result<T, AuthError>;

/// How long a token is good if nobody says so.
const TOKEN_LIFE: Duration = Duration::from_secs(365 * 86_400);

/// A user to be made.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// The name.
    pub name: Name,
    /// What people call this one; the name where nobody says.
    pub title: Option<String>,
    /// Where mails go.
    pub mail: Option<String>,
    /// The hash of the password, from [`Auth::hash_password`].
    pub password: Option<String>,
}

/// What is to be changed of a user; what is `None` stays.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// What people call this one.
    pub title: Option<String>,
    /// Where mails go; empty means nowhere any more.
    pub mail: Option<String>,
    /// Whether this one may do anything.
    pub state: Option<UserState>,
    /// The hash of the new password. It ends all sessions.
    pub password: Option<String>,
}

/// A token to be made.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Whose it is; who asks for it where nobody says.
    pub user: Option<Name>,
    /// What its owner calls it.
    pub name: String,
    /// The permissions to which it is narrowed.
    pub scopes: Option<Vec<String>>,
    /// The objects to which it is narrowed.
    pub object: Option<String>,
    /// When it ends; after a year where nobody says.
    pub expires_at: Option<Timestamp>,
}

/// A role to be given.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// To whom.
    pub holder: Holder,
    /// The role.
    pub role: String,
    /// On what, if not on everything.
    pub object: Option<String>,
    /// What it is narrowed to.
    pub only: Option<Vec<String>>,
}

impl Auth {
    /// Makes a user.
    ///
    /// # Errors
    ///
    /// The name is taken, or the store is away.
    pub async fn add_user(&self, tx: &mut Tx, new: &NewUser) -> Result<User> {
        let NewUser { name, title, mail, password } = new;
        let title = title.as_deref().unwrap_or(name.as_str());
        let added = store::add_user(tx, name.as_str(), title, mail.as_deref(), password.as_deref()).await?;
        if added.is_none() {
            return Err(AuthError::Exists { what: "user", name: name.to_string() });
        }
        tx.rights_changed();
        self.user(tx, name.as_str()).await
    }

    /// Changes a user, if it still has that version.
    ///
    /// # Errors
    ///
    /// There is no such user, it was changed meanwhile, or the store is away.
    pub async fn change_user(
        &self,
        tx: &mut Tx,
        name: &str,
        version: Option<i64>,
        change: &UserChange,
    ) -> Result<User> {
        let row = store::lock_user(tx, name).await?.ok_or_else(|| AuthError::not_found("user", name))?;
        if version.is_some_and(|version| version != row.version) {
            return Err(AuthError::Changed { name: name.to_owned(), found: row.version });
        }
        let UserChange { title, mail, state, password } = change;
        let (title, mail) = (title.as_deref(), mail.as_deref());
        let of_row = store::UserChange { title, mail, state: state.map(UserState::name) };
        store::change_user(tx, row.id, of_row).await?;
        if let Some(password) = password {
            store::set_password(tx, row.id, password).await?;
        }
        if password.is_some() || *state == Some(UserState::Blocked) {
            store::close_sessions(tx, row.id).await?;
        }
        tx.rights_changed();
        self.user(tx, name).await
    }

    /// Removes a user with tokens, sessions and grants.
    ///
    /// # Errors
    ///
    /// There is no such user, or the store is away.
    pub async fn remove_user(&self, tx: &mut Tx, name: &str) -> Result<()> {
        let row = store::lock_user(tx, name).await?.ok_or_else(|| AuthError::not_found("user", name))?;
        store::remove_user(tx, row.id).await?;
        tx.rights_changed();
        Ok(())
    }

    /// The user of that name.
    ///
    /// # Errors
    ///
    /// There is none, or the store is away.
    pub async fn user(&self, reader: &mut impl Reads, name: &str) -> Result<User> {
        let row = store::user(reader, name).await?;
        row.map(of_user).ok_or_else(|| AuthError::not_found("user", name))?
    }

    /// At most so many users whose names come after that one, by name.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn users(&self, reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<User>> {
        store::users(reader, after, limit).await?.into_iter().map(of_user).collect()
    }

    /// Makes a team.
    ///
    /// # Errors
    ///
    /// The name is taken, or the store is away.
    pub async fn add_team(&self, tx: &mut Tx, name: &Name, title: Option<&str>) -> Result<Team> {
        let added = store::add_team(tx, name.as_str(), title.unwrap_or(name.as_str())).await?;
        added.ok_or_else(|| AuthError::Exists { what: "team", name: name.to_string() })?;
        self.team(tx, name.as_str()).await
    }

    /// Removes a team with its grants.
    ///
    /// # Errors
    ///
    /// There is no such team, or the store is away.
    pub async fn remove_team(&self, tx: &mut Tx, name: &str) -> Result<()> {
        let team = team_id(tx, name).await?;
        store::remove_team(tx, team).await?;
        tx.rights_changed();
        Ok(())
    }

    /// Makes a user a member of a team, or no member any more. Says whether that changed anything.
    ///
    /// # Errors
    ///
    /// There is no such team or user, or the store is away.
    pub async fn set_member(&self, tx: &mut Tx, team: &str, user: &str, member: bool) -> Result<bool> {
        let team = team_id(tx, team).await?;
        let user = user_id(tx, user).await?;
        tx.rights_changed();
        let changed = if member { store::join(tx, team, user).await } else { store::leave(tx, team, user).await };
        Ok(changed?)
    }

    /// The team of that name.
    ///
    /// # Errors
    ///
    /// There is none, or the store is away.
    pub async fn team(&self, reader: &mut impl Reads, name: &str) -> Result<Team> {
        let row = store::team(reader, name).await?.ok_or_else(|| AuthError::not_found("team", name))?;
        let members = store::members(reader, row.id, row.id).await?.into_iter().map(|(_, name)| name).collect();
        Ok(Team { name: row.name, title: row.title, members, created_at: time(row.created_at)? })
    }

    /// At most so many teams whose names come after that one, by name.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn teams(&self, reader: &mut impl Reads, after: &str, limit: i64) -> Result<Vec<Team>> {
        let rows = store::teams(reader, after, limit).await?;
        let ids = || rows.iter().map(|row| row.id);
        let (first, last) = (ids().min().unwrap_or(0), ids().max().unwrap_or(0));
        let members = store::members(reader, first, last).await?;
        let of = |team: i64| members.iter().filter(move |(of, _)| *of == team).map(|(_, name)| name.clone()).collect();
        let team = |row: &store::TeamRow| {
            let (name, title) = (row.name.clone(), row.title.clone());
            Ok(Team { name, title, members: of(row.id), created_at: time(row.created_at)? })
        };
        rows.iter().map(team).collect()
    }

    /// Makes a token, and the text that is shown once. Nobody gives more than he has.
    ///
    /// # Errors
    ///
    /// A scope does not exist or is beyond who asks, the owner is another and who asks no admin, or the store is away.
    pub async fn add_token(&self, tx: &mut Tx, by: &Principal, new: &NewToken) -> Result<(Token, Secret)> {
        let own = by.user().map(|user| user.name.as_str());
        let owner = new.user.as_ref().map(Name::as_str).or(own).ok_or(AuthError::NotAuthenticated)?;
        if own != Some(owner) && !by.may(ADMIN) {
            return Err(AuthError::Beyond(format!("a token of {owner:?}")));
        }
        let scopes = self.scopes(by, new.scopes.as_deref())?;
        let limit = by.token().and_then(|token| token.object.as_deref());
        let object = new.object.as_deref().or(limit);
        if limit.is_some() && object != limit {
            return Err(AuthError::Beyond(format!("the object {:?}", object.unwrap_or_default())));
        }
        let user = user_id(tx, owner).await?;
        let surroundings = tx.surroundings();
        let secret = secrets::new(secrets::TOKEN, &*surroundings.rng);
        let hash = Digest::of(secrets::TOKEN, secret.expose()).expect("it was just made");
        let id = surroundings.ids.public_id(tx.now()).to_string();
        let expires_at = new.expires_at.unwrap_or_else(|| tx.now().later(TOKEN_LIFE));
        let (name, hash, scopes) = (new.name.as_str(), hash.as_str(), scopes.as_deref());
        store::add_token(tx, store::NewToken { id: &id, hash, user, name, scopes, object, expires_at }).await?;
        Ok((self.token(tx, &id).await?, secret))
    }

    /// The scopes of a new token: those that were asked for, at most those of the token that asks.
    fn scopes(&self, by: &Principal, asked: Option<&[String]>) -> Result<Option<Vec<String>>> {
        let own = by.token().and_then(|token| token.scopes.as_ref());
        let Some(asked) = asked else { return Ok(own.map(|own| own.iter().cloned().collect())) };
        for name in asked {
            let permission = self.inner.rights.permission(name);
            let permission = permission.ok_or_else(|| AuthError::unknown_permission(&self.inner.rights, name))?;
            if !by.may_somewhere(permission) {
                return Err(AuthError::Beyond(format!("the scope {name}")));
            }
        }
        Ok(Some(asked.to_vec()))
    }

    /// The token of that id.
    ///
    /// # Errors
    ///
    /// There is none, or the store is away.
    pub async fn token(&self, reader: &mut impl Reads, id: &str) -> Result<Token> {
        let row = store::token(reader, id).await?;
        row.map(of_token).ok_or_else(|| AuthError::not_found("token", id))?
    }

    /// At most so many tokens of a user whose ids come before that one, newest first.
    ///
    /// # Errors
    ///
    /// There is no such user, or the store is away.
    pub async fn tokens_of(&self, reader: &mut impl Reads, user: &str, before: &str, limit: i64) -> Result<Vec<Token>> {
        let user = user_id(reader, user).await?;
        store::tokens_of(reader, user, before, limit).await?.into_iter().map(of_token).collect()
    }

    /// At most so many tokens of all users whose ids come before that one, newest first.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn tokens(&self, reader: &mut impl Reads, before: &str, limit: i64) -> Result<Vec<Token>> {
        store::tokens(reader, before, limit).await?.into_iter().map(of_token).collect()
    }

    /// Ends a token for good, in every process.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn revoke_token(&self, tx: &mut Tx, id: &str) -> Result<bool> {
        tx.rights_changed();
        Ok(store::revoke_token(tx, id).await?)
    }

    /// Gives a role.
    ///
    /// # Errors
    ///
    /// There is no such role, user or team, they have it already, or the store is away.
    pub async fn add_grant(&self, tx: &mut Tx, new: &NewGrant) -> Result<Grant> {
        if self.inner.rights.permitted_by(&new.role).is_none() {
            return Err(AuthError::unknown_role(&self.inner.rights, &new.role));
        }
        let (holder, holder_id, user, team) = match &new.holder {
            Holder::User(name) => ("user", user_id(tx, name.as_str()).await?, Some(name.to_string()), None),
            Holder::Team(name) => ("team", team_id(tx, name.as_str()).await?, None, Some(name.to_string())),
        };
        let id = tx.surroundings().ids.public_id(tx.now()).to_string();
        let object = new.object.as_deref().unwrap_or_default();
        if !store::add_grant(tx, &id, (holder, holder_id), &new.role, object, new.only.as_deref()).await? {
            return Err(AuthError::Exists { what: "grant of", name: new.role.clone() });
        }
        tx.rights_changed();
        let (role, object, only) = (new.role.clone(), new.object.clone(), new.only.clone());
        Ok(Grant { id, user, team, role, object, only, created_at: tx.now() })
    }

    /// At most so many grants whose ids come before that one, newest first.
    ///
    /// # Errors
    ///
    /// The store is away.
    pub async fn grants(&self, reader: &mut impl Reads, before: &str, limit: i64) -> Result<Vec<Grant>> {
        store::grants(reader, before, limit).await?.into_iter().map(of_grant).collect()
    }

    /// Takes a role back, and says which and on what.
    ///
    /// # Errors
    ///
    /// There is no such grant, or the store is away.
    pub async fn remove_grant(&self, tx: &mut Tx, id: &str) -> Result<(String, String)> {
        tx.rights_changed();
        store::remove_grant(tx, id).await?.ok_or_else(|| AuthError::not_found("grant", id))
    }
}

async fn user_id(reader: &mut impl Reads, name: &str) -> Result<i64> {
    let row = store::user(reader, name).await?;
    row.map(|row| row.id).ok_or_else(|| AuthError::not_found("user", name))
}

async fn team_id(reader: &mut impl Reads, name: &str) -> Result<i64> {
    let row = store::team(reader, name).await?;
    row.map(|row| row.id).ok_or_else(|| AuthError::not_found("team", name))
}

fn time(microseconds: i64) -> std::result::Result<Timestamp, StoreError> {
    let damaged = || StoreError::Damaged { what: "a time", found: microseconds.to_string() };
    Timestamp::from_microseconds(microseconds).ok_or_else(damaged)
}

fn of_user(row: UserRow) -> Result<User> {
    let UserRow { id: _, name, title, mail, password, origin, state, version, created_at } = row;
    let (has_password, created_at) = (password.is_some(), time(created_at)?);
    Ok(User { name, title, mail, origin, state, has_password, version, created_at })
}

fn of_token(row: TokenRow) -> Result<Token> {
    let TokenRow { id, owner, name, scopes, object, created_at, expires_at, used_at, revoked_at } = row;
    Ok(Token {
        id,
        user: owner,
        name,
        scopes: scopes.map(|scopes| scopes.0),
        object,
        created_at: time(created_at)?,
        expires_at: time(expires_at)?,
        used_at: used_at.map(time).transpose()?,
        revoked_at: revoked_at.map(time).transpose()?,
        token: None,
    })
}

fn of_grant(row: GrantRow) -> Result<Grant> {
    let GrantRow { id, holder, holder_name, role, object, narrowed, created_at } = row;
    let (user, team) = if holder == "user" { (holder_name, None) } else { (None, holder_name) };
    let object = Some(object).filter(|object| !object.is_empty());
    let only = narrowed.map(|narrowed| narrowed.0);
    Ok(Grant { id, user, team, role, object, only, created_at: time(created_at)? })
}
