//! Who may do what with which test cases, as the compatible interfaces have it configured.

use serde_json::Value;

use crate::glob;

/// An entry, as it was configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Permission {
    entry: Value,
    testcases: Vec<String>,
    testcases_ignore: Vec<String>,
    users: Vec<String>,
    groups: Vec<String>,
}

impl Permission {
    /// The entry of that configuration: `{name, maintainers, testcases, testcases_ignore, users, groups}`, each of the
    /// last four a list of texts.
    pub fn of(entry: Value) -> Self {
        let list = |key: &str| {
            let values = entry.get(key).and_then(Value::as_array).into_iter().flatten();
            values.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Self {
            testcases: list("testcases"),
            testcases_ignore: list("testcases_ignore"),
            users: list("users"),
            groups: list("groups"),
            entry,
        }
    }

    /// As it was configured.
    pub fn entry(&self) -> &Value {
        &self.entry
    }

    /// Whether it is about that test case.
    pub fn covers(&self, testcase: &str) -> bool {
        let fits = |globs: &[String]| globs.iter().any(|form| glob::matches(form, testcase));
        fits(&self.testcases) && !fits(&self.testcases_ignore)
    }

    /// Whether it holds that user, or one of the groups.
    pub fn holds(&self, user: &str, groups: &[String]) -> bool {
        self.users.iter().any(|name| name == user) || self.groups.iter().any(|name| groups.contains(name))
    }
}

/// Whether one of the entries lets the user do it with that test case. Without an entry nobody may.
pub fn is_permitted(permissions: &[Permission], user: &str, groups: &[String], testcase: &str) -> bool {
    permissions.iter().any(|permission| permission.covers(testcase) && permission.holds(user, groups))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_glob_and_a_name_make_a_permission() {
        let entry = json!({"name": "x", "testcases": ["dist.*"], "testcases_ignore": ["dist.secret*"],
            "users": ["alice"], "groups": ["qa"]});
        let permissions = [Permission::of(entry.clone())];
        let may = |user, groups: &[&str], testcase| {
            let groups: Vec<_> = groups.iter().map(|group| (*group).to_owned()).collect();
            is_permitted(&permissions, user, &groups, testcase)
        };
        assert!(may("alice", &[], "dist.a") && may("bob", &["qa"], "dist.a"));
        assert!(!may("bob", &["dev"], "dist.a") && !may("alice", &[], "other") && !may("alice", &[], "dist.secret.a"));
        assert_eq!(permissions[0].entry(), &entry);
        assert!(!is_permitted(&[], "alice", &[], "dist.a"));
    }
}
