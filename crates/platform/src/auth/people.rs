//! Users, teams, tokens and grants as the API and the command line speak of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tidegate_kernel::Timestamp;
use utoipa::ToSchema;

/// What a user or a team is called: 1 to 100 letters, digits and `._@+-/`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String)]
pub struct Name(String);

/// A text that names nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no name: expected 1 to 100 letters a-z, digits and ._@+-/")]
pub struct NotAName(String);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._@+-/".contains(&byte);
        if (1..=100).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName(text.chars().take(100).collect()))
        }
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a user may do anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UserState {
    /// May do what the roles say.
    Active,
    /// May do nothing, not even log in.
    Blocked,
}

impl UserState {
    /// The word in the store and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Blocked => "blocked",
        }
    }
}

/// A user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct User {
    /// The name, which is unique and stays.
    pub name: String,
    /// What people call this one.
    pub title: String,
    /// Where mails go.
    pub mail: Option<String>,
    /// How the user came to be: `local`, `oidc`, `forge`.
    pub origin: String,
    /// `active`, `blocked`
    pub state: String,
    /// Whether there is a password to log in with.
    pub has_password: bool,
    /// Grows with each change.
    pub version: i64,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Team {
    /// The name, which is unique and stays.
    pub name: String,
    /// What people call it.
    pub title: String,
    /// The names of its members, in order.
    pub members: Vec<String>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A token. Its text is shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Token {
    /// Its id.
    pub id: String,
    /// Whose it is.
    pub user: String,
    /// What its owner calls it.
    pub name: String,
    /// The permissions to which it is narrowed; `null` means all of its owner's.
    pub scopes: Option<Vec<String>>,
    /// The objects to which it is narrowed.
    pub object: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
    /// Its text, only in the answer to the request that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A role for a user or a team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// The user that has it.
    pub user: Option<String>,
    /// The team that has it.
    pub team: Option<String>,
    /// The role.
    pub role: String,
    /// On what, if not on everything; `*` stands for any characters.
    pub object: Option<String>,
    /// What it is narrowed to, as its gate understands it.
    pub only: Option<Vec<String>>,
    /// Since when.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Who holds a grant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holder {
    /// A user.
    User(Name),
    /// The members of a team.
    Team(Name),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_letters_digits_and_a_few_marks() {
        for text in ["ann", "resultsdb/host@EXAMPLE.ORG", "a.b-c_d+e", &"x".repeat(100)] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
        for text in ["", "a b", "a\n", "a:b", "änn", "a*", &"x".repeat(101)] {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
    }
}
