//! What can be permitted, and which roles permit it.
//!
//! Each gate declares its permissions and roles as constants, and the program gathers them into one [`Rights`], which
//! refuses what does not fit together. So no route and no role can name a permission that does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something that can be permitted: `results:waive`. Declared once as a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(&'static str);

/// A role: `results.waiver`, and what it permits.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Its name.
    pub name: &'static str,
    /// What who has it may do.
    pub permits: &'static [Permission],
}

/// The permissions and roles of a gate, or of the platform.
#[derive(Debug, Clone, Copy)]
pub struct GateRights {
    /// The gate's name.
    pub prefix: &'static str,
    /// All of its permissions.
    pub permissions: &'static [Permission],
    /// All of its roles.
    pub roles: &'static [Role],
}

/// May run, pause and resume jobs and messages.
pub const OPERATE: Permission = Permission::new("platform:operate");
/// May read the record of writes.
pub const AUDIT: Permission = Permission::new("platform:audit");
/// May add links to the trail.
pub const LINK: Permission = Permission::new("platform:link");
/// May do everything.
pub const ADMIN: Permission = Permission::new("platform:admin");

/// The role that permits everything, at every gate.
pub const ADMIN_ROLE: &str = "platform.admin";

/// The platform's own.
pub const PLATFORM: GateRights = GateRights {
    prefix: "platform",
    permissions: &[OPERATE, AUDIT, LINK, ADMIN],
    roles: &[
        Role { name: "platform.operator", permits: &[OPERATE] },
        Role { name: "platform.auditor", permits: &[AUDIT] },
        Role { name: "platform.linker", permits: &[LINK] },
        Role { name: ADMIN_ROLE, permits: &[OPERATE, AUDIT, LINK, ADMIN] },
    ],
};

/// All permissions and roles of this program.
#[derive(Debug, Clone)]
pub struct Rights {
    permissions: BTreeSet<Permission>,
    roles: BTreeMap<&'static str, BTreeSet<Permission>>,
}

/// Permissions and roles do not fit together, which is a mistake in the code of a gate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} of {prefix}: {problem}")]
pub struct BadRights {
    name: String,
    prefix: &'static str,
    problem: &'static str,
}

impl Permission {
    /// The permission of that text.
    pub const fn new(text: &'static str) -> Self {
        Self(text)
    }

    /// The text.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl Rights {
    /// The platform's rights and those of these gates.
    ///
    /// # Errors
    ///
    /// A name has another form than `gate:verb` or `gate.role`, exists twice, or a role permits what does not exist.
    pub fn of(gates: &[GateRights]) -> Result<Self, BadRights> {
        let mut all = Self { permissions: BTreeSet::new(), roles: BTreeMap::new() };
        let with_platform = || std::iter::once(&PLATFORM).chain(gates);
        for gate in with_platform() {
            let bad = |name: &str, problem| BadRights { name: name.to_owned(), prefix: gate.prefix, problem };
            for permission in gate.permissions {
                if !is_name(permission.0, gate.prefix, ':') {
                    return Err(bad(permission.0, "a permission is written <gate>:<verb>"));
                }
                if !all.permissions.insert(*permission) {
                    return Err(bad(permission.0, "a permission has a name of its own"));
                }
            }
        }
        for gate in with_platform() {
            let bad = |name: &str, problem| BadRights { name: name.to_owned(), prefix: gate.prefix, problem };
            for role in gate.roles {
                if !is_name(role.name, gate.prefix, '.') {
                    return Err(bad(role.name, "a role is written <gate>.<role>"));
                }
                if !role.permits.iter().all(|permission| all.permissions.contains(permission)) {
                    return Err(bad(role.name, "a role permits only what is declared"));
                }
                let permits = if role.name == ADMIN_ROLE {
                    all.permissions.clone()
                } else {
                    role.permits.iter().copied().collect()
                };
                if all.roles.insert(role.name, permits).is_some() {
                    return Err(bad(role.name, "a role has a name of its own"));
                }
            }
        }
        Ok(all)
    }

    /// The permission of that name.
    pub fn permission(&self, name: &str) -> Option<Permission> {
        self.permissions.iter().copied().find(|permission| permission.0 == name)
    }

    /// All permissions, in order.
    pub fn permissions(&self) -> impl Iterator<Item = Permission> {
        self.permissions.iter().copied()
    }

    /// What a role permits; nothing if there is no such role.
    pub fn permitted_by(&self, role: &str) -> Option<&BTreeSet<Permission>> {
        self.roles.get(role)
    }

    /// The names of all roles, in order.
    pub fn roles(&self) -> impl Iterator<Item = &'static str> {
        self.roles.keys().copied()
    }
}

fn is_name(name: &str, prefix: &str, separator: char) -> bool {
    let rest = name.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(separator));
    rest.is_some_and(|rest| {
        !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_lowercase() || b"-_".contains(&byte))
    })
}

/// Whether a pattern, in which `*` stands for any characters, covers an object.
pub(crate) fn covers(pattern: &str, object: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = object.strip_prefix(first) else { return false };
    let mut parts: Vec<_> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAY: Permission = Permission::new("harbour:stay");

    fn gate(permissions: &'static [Permission], roles: &'static [Role]) -> GateRights {
        GateRights { prefix: "harbour", permissions, roles }
    }

    #[test]
    fn an_admin_may_what_any_gate_permits() {
        let rights = Rights::of(&[gate(&[STAY], &[Role { name: "harbour.guest", permits: &[STAY] }])]).unwrap();
        assert!(rights.permitted_by(ADMIN_ROLE).unwrap().contains(&STAY));
        assert!(!rights.permitted_by("platform.operator").unwrap().contains(&STAY));
        assert_eq!(rights.permission("harbour:stay"), Some(STAY));
        assert_eq!(rights.permission("harbour:go"), None);
        assert!(rights.roles().any(|role| role == "harbour.guest"));
    }

    #[test]
    fn rights_that_do_not_fit_are_refused() {
        const GO: Permission = Permission::new("port:go");
        for (gate, problem) in [
            (gate(&[GO], &[]), "a permission is written"),
            (gate(&[STAY, STAY], &[]), "a permission has a name of its own"),
            (gate(&[], &[Role { name: "harbour.guest", permits: &[STAY] }]), "permits only what is declared"),
            (gate(&[], &[Role { name: "harbour:guest", permits: &[] }]), "a role is written"),
        ] {
            let refused = Rights::of(&[gate]).unwrap_err().to_string();
            assert!(refused.contains(problem), "{refused}");
        }
    }

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, object) in
            [("a", "a"), ("*", ""), ("*", "a/b"), ("dist.*", "dist.lint"), ("a*b*c", "a-b-b-c"), ("*x*", "axa")]
        {
            assert!(covers(pattern, object), "{pattern} {object}");
        }
        for (pattern, object) in
            [("a", "ab"), ("a", ""), ("dist.*", "dist"), ("a*b", "ab-"), ("ab*ba", "aba"), ("", "a")]
        {
            assert!(!covers(pattern, object), "{pattern} {object}");
        }
    }
}
