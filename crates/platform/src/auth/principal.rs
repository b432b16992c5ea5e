//! Who makes a request, and what that one may do.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidegate_kernel::Actor;

use super::rights::{ADMIN_ROLE, Permission, Rights, covers};
use super::secrets::Digest;

/// Who makes a request, and what that one may do.
#[derive(Debug, Clone)]
pub struct Principal {
    pub(super) user: Option<KnownUser>,
    pub(super) shown: Shown,
    pub(super) holdings: Vec<Holding>,
    pub(super) teams: BTreeSet<String>,
}

/// A user of the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownUser {
    /// Its number in the store.
    pub(crate) id: i64,
    /// Its name.
    pub name: String,
}

/// What a request shows to be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Nothing.
    Nothing,
    /// A token.
    Token(TokenLimits),
    /// The cookie of a session, with what its forms have to carry.
    Session {
        /// The token against forged requests.
        csrf: String,
        /// The digest of the cookie, by which the session is found.
        hash: Digest,
    },
    /// A proxy that is trusted says who it is.
    Proxy,
    /// The store itself: whoever can open it needs no leave of a server.
    Store,
}

/// What a token narrows its owner to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenLimits {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its digest, by which it is found.
    pub(super) hash: Digest,
    /// The permissions to which it is narrowed; all of its owner's where there are none.
    pub scopes: Option<BTreeSet<String>>,
    /// The objects to which it is narrowed.
    pub object: Option<String>,
}

/// A role that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// Its name.
    pub role: String,
    /// What it permits.
    pub permits: Arc<BTreeSet<Permission>>,
    /// On what, if not on everything; `*` stands for any characters.
    pub object: Option<String>,
    /// What it is narrowed to, as its gate understands it.
    pub narrowed: Option<Vec<String>>,
}

impl Principal {
    /// Somebody without a login.
    pub fn anonymous() -> Self {
        Self { user: None, shown: Shown::Nothing, holdings: Vec::new(), teams: BTreeSet::new() }
    }

    /// Whoever has the store itself in hand, and so may do everything.
    pub(crate) fn of_store(rights: &Rights) -> Self {
        let permits = Arc::new(rights.permitted_by(ADMIN_ROLE).cloned().unwrap_or_default());
        let admin = Holding { role: ADMIN_ROLE.to_owned(), permits, object: None, narrowed: None };
        Self { shown: Shown::Store, holdings: vec![admin], ..Self::anonymous() }
    }

    /// The user; nothing without a login.
    pub fn user(&self) -> Option<&KnownUser> {
        self.user.as_ref()
    }

    /// What it shows to be trusted.
    pub fn shown(&self) -> &Shown {
        &self.shown
    }

    /// The token that it shows.
    pub fn token(&self) -> Option<&TokenLimits> {
        match &self.shown {
            Shown::Token(token) => Some(token),
            Shown::Nothing | Shown::Session { .. } | Shown::Proxy | Shown::Store => None,
        }
    }

    /// Whether it is nobody in particular.
    pub fn is_anonymous(&self) -> bool {
        self.user.is_none() && self.shown != Shown::Store
    }

    /// Who acts in messages and records.
    pub fn actor(&self) -> Actor {
        match (&self.user, &self.shown) {
            (Some(user), _) => Actor::user(&user.name),
            (None, Shown::Store) => Actor::system(),
            (None, _) => Actor::user("anonymous"),
        }
    }

    /// The teams that it is in.
    pub fn teams(&self) -> &BTreeSet<String> {
        &self.teams
    }

    /// The roles that it has, whatever a token narrows them to.
    pub fn holdings(&self) -> &[Holding] {
        &self.holdings
    }

    /// Whether it may do that to everything.
    pub fn may(&self, permission: Permission) -> bool {
        let unlimited = self.token().is_none_or(|token| token.object.is_none());
        unlimited && self.holds(permission).any(|holding| holding.object.is_none())
    }

    /// Whether it may do that to this object.
    pub fn may_on(&self, permission: Permission, object: &str) -> bool {
        self.on(permission, object).next().is_some()
    }

    /// The roles by which it may do that to this object.
    pub fn on<'p>(&'p self, permission: Permission, object: &'p str) -> impl Iterator<Item = &'p Holding> {
        let within = |limit: &Option<String>| limit.as_deref().is_none_or(|limit| covers(limit, object));
        let by_token = self.token().is_none_or(|token| within(&token.object));
        self.holds(permission).filter(move |holding| by_token && within(&holding.object))
    }

    /// Whether it may do that to anything at all. Whoever asks this asks for the object later.
    pub fn may_somewhere(&self, permission: Permission) -> bool {
        self.holds(permission).next().is_some()
    }

    /// What it may do, each permission with the objects; nothing beside it means everything.
    pub fn permissions(&self) -> Vec<(Permission, Option<&str>)> {
        let all: BTreeSet<_> = self
            .holdings
            .iter()
            .flat_map(|holding| holding.permits.iter().map(|permission| (*permission, holding.object.as_deref())))
            .collect();
        let in_scope = |(permission, _): &(Permission, _)| self.is_in_scope(*permission);
        all.into_iter().filter(in_scope).collect()
    }

    fn holds(&self, permission: Permission) -> impl Iterator<Item = &Holding> {
        let in_scope = self.is_in_scope(permission);
        self.holdings.iter().filter(move |holding| in_scope && holding.permits.contains(&permission))
    }

    fn is_in_scope(&self, permission: Permission) -> bool {
        let scopes = self.token().and_then(|token| token.scopes.as_ref());
        scopes.is_none_or(|scopes| scopes.contains(permission.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::rights::{ADMIN, AUDIT, OPERATE};
    use super::*;

    fn holding(permits: &[Permission], object: Option<&str>) -> Holding {
        let permits = Arc::new(permits.iter().copied().collect());
        Holding { role: "r".to_owned(), permits, object: object.map(str::to_owned), narrowed: None }
    }

    fn ann(holdings: Vec<Holding>, scopes: Option<&[&str]>, object: Option<&str>) -> Principal {
        let scopes = scopes.map(|scopes| scopes.iter().map(|scope| (*scope).to_owned()).collect());
        let hash = Digest::of("", &"0".repeat(64)).unwrap();
        let (id, name, object) = ("1".to_owned(), "ci".to_owned(), object.map(str::to_owned));
        let token = TokenLimits { id, name, hash, scopes, object };
        let user = Some(KnownUser { id: 1, name: "ann".to_owned() });
        Principal { user, shown: Shown::Token(token), holdings, teams: BTreeSet::new() }
    }

    #[test]
    fn nobody_may_nothing() {
        let nobody = Principal::anonymous();
        assert!(!nobody.may(OPERATE) && !nobody.may_somewhere(OPERATE) && !nobody.may_on(OPERATE, "x"));
    }

    #[test]
    fn a_role_on_an_object_is_none_on_everything() {
        let ann = ann(vec![holding(&[OPERATE], Some("merge.*"))], None, None);
        assert!(ann.may_somewhere(OPERATE) && ann.may_on(OPERATE, "merge.stage"));
        assert!(!ann.may(OPERATE) && !ann.may_on(OPERATE, "results.emit") && !ann.may_on(AUDIT, "merge.stage"));
    }

    #[test]
    fn a_token_narrows_what_its_owner_may() {
        let admin = || vec![holding(&[OPERATE, AUDIT, ADMIN], None)];
        let scoped = ann(admin(), Some(&["platform:audit"]), None);
        assert!(scoped.may(AUDIT) && !scoped.may(OPERATE) && !scoped.may_somewhere(ADMIN));
        assert_eq!(scoped.permissions(), [(AUDIT, None)]);
        let on_object = ann(admin(), None, Some("merge.stage"));
        assert!(on_object.may_on(OPERATE, "merge.stage"));
        assert!(!on_object.may(OPERATE) && !on_object.may_on(OPERATE, "merge.port"));
        assert!(!ann(admin(), Some(&[]), None).may_somewhere(OPERATE));
        assert!(!ann(vec![], Some(&["platform:operate"]), None).may_somewhere(OPERATE));
    }
}
