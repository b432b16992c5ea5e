//! `user`, `team`, `token`, `grant`.

use std::path::PathBuf;

use clap::Subcommand;
use serde_json::{Value, json};
use tidegate_migrate::cli::{Console, Exit};

use super::client::Client;
use super::confirm;
use super::entry::{part, with};
use super::shown::{done, list};
use crate::failure::Failure;

/// Users
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List them
    List,
    /// Show one
    Show {
        /// The name
        name: String,
    },
    /// Make one
    Add {
        /// The name, which stays
        name: String,
        /// What people call this one
        #[arg(long)]
        title: Option<String>,
        /// Where mails go
        #[arg(long)]
        mail: Option<String>,
        /// A file with a password to log in with
        #[arg(long, value_name = "FILE")]
        password_file: Option<PathBuf>,
    },
    /// Remove one with tokens, sessions and roles
    Remove {
        /// The name
        name: String,
    },
}

/// Teams
#[derive(Debug, Subcommand)]
pub(crate) enum TeamCommand {
    /// List them
    List,
    /// Make one
    Add {
        /// The name, which stays
        name: String,
        /// What people call it
        #[arg(long)]
        title: Option<String>,
    },
    /// Remove one with its roles
    Remove {
        /// The name
        name: String,
    },
    /// Make a user a member
    Join {
        /// The team
        team: String,
        /// The user
        user: String,
    },
    /// Make a user no member any more
    Leave {
        /// The team
        team: String,
        /// The user
        user: String,
    },
}

/// Tokens
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List those of a user
    List {
        /// Whose; our own without it
        #[arg(long)]
        user: Option<String>,
    },
    /// Make one, and print its text, which is shown once
    Add {
        /// What its owner calls it
        name: String,
        /// Whose; our own without it
        #[arg(long)]
        user: Option<String>,
        /// A permission to which it is narrowed; may be repeated
        #[arg(long = "scope", value_name = "PERMISSION")]
        scopes: Vec<String>,
        /// The objects to which it is narrowed
        #[arg(long)]
        object: Option<String>,
        /// When it ends
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
    },
    /// End one for good
    Remove {
        /// Its id
        id: String,
    },
}

/// Roles
#[derive(Debug, Subcommand)]
pub(crate) enum GrantCommand {
    /// List them
    List,
    /// Give one
    Add {
        /// The role, such as platform.operator
        role: String,
        /// Who gets it
        #[arg(long, required_unless_present = "team", conflicts_with = "team")]
        user: Option<String>,
        /// Whose members get it
        #[arg(long)]
        team: Option<String>,
        /// On what, if not on everything
        #[arg(long)]
        object: Option<String>,
    },
    /// Take one back
    Remove {
        /// Its id
        id: String,
    },
}

const USERS: &str = "/api/v1/platform/users";
const TEAMS: &str = "/api/v1/platform/teams";
const TOKENS: &str = "/api/v1/platform/tokens";
const GRANTS: &str = "/api/v1/platform/grants";

pub(super) fn user(
    command: &UserCommand,
    yes: bool,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    const FIELDS: &[&str] = &["name", "title", "mail", "state", "has_password"];
    match command {
        UserCommand::List => list(console, &client.list(USERS)?, FIELDS),
        UserCommand::Show { name } => list(console, &[client.get(&format!("{USERS}/{}", part(name)))?.body], FIELDS),
        UserCommand::Add { name, title, mail, password_file } => {
            let mut body = json!({"name": name});
            with(&mut body, "title", title.as_deref());
            with(&mut body, "mail", mail.as_deref());
            if let Some(path) = password_file {
                let text = std::fs::read_to_string(path)
                    .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
                with(&mut body, "password", Some(text.lines().next().unwrap_or_default()));
            }
            done(console, &client.post(USERS, Some(&body))?.body, &format!("the user {name} is made"))
        }
        UserCommand::Remove { name } => {
            confirm(yes, &format!("this removes the user {name} with tokens and roles"), console)?;
            client.delete(&format!("{USERS}/{}", part(name)))?;
            done(console, &Value::Null, &format!("the user {name} is removed"))
        }
    }
}

pub(super) fn team(
    command: &TeamCommand,
    yes: bool,
    client: &Client,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let member = |team: &str, user: &str| format!("{TEAMS}/{}/members/{}", part(team), part(user));
    match command {
        TeamCommand::List => list(console, &client.list(TEAMS)?, &["name", "title", "members"]),
        TeamCommand::Add { name, title } => {
            let mut body = json!({"name": name});
            with(&mut body, "title", title.as_deref());
            done(console, &client.post(TEAMS, Some(&body))?.body, &format!("the team {name} is made"))
        }
        TeamCommand::Remove { name } => {
            confirm(yes, &format!("this removes the team {name} with its roles"), console)?;
            client.delete(&format!("{TEAMS}/{}", part(name)))?;
            done(console, &Value::Null, &format!("the team {name} is removed"))
        }
        TeamCommand::Join { team, user } => {
            let joined = client.ask(reqwest::Method::PUT, &member(team, user), None, &[])?;
            done(console, &joined.body, &format!("{user} is a member of {team}"))
        }
        TeamCommand::Leave { team, user } => {
            client.delete(&member(team, user))?;
            done(console, &Value::Null, &format!("{user} is no member of {team}"))
        }
    }
}

pub(super) fn token(command: &TokenCommand, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match command {
        TokenCommand::List { user } => {
            let path =
                user.as_deref().map_or_else(|| TOKENS.to_owned(), |user| format!("{TOKENS}?user={}", part(user)));
            let fields = ["id", "name", "scopes", "object", "expires_at", "used_at", "revoked_at"];
            list(console, &client.list(&path)?, &fields)
        }
        TokenCommand::Add { name, user, scopes, object, expires_at } => {
            let mut body = json!({"name": name});
            with(&mut body, "user", user.as_deref());
            with(&mut body, "scopes", (!scopes.is_empty()).then(|| scopes.clone()));
            with(&mut body, "object", object.as_deref());
            with(&mut body, "expires_at", expires_at.as_deref());
            let made = client.post(TOKENS, Some(&body))?.body;
            let text = made["token"].as_str().unwrap_or_default().to_owned();
            done(console, &made, &text)
        }
        TokenCommand::Remove { id } => {
            client.delete(&format!("{TOKENS}/{}", part(id)))?;
            done(console, &Value::Null, &format!("the token {id} opens nothing any more"))
        }
    }
}

pub(super) fn grant(command: &GrantCommand, client: &Client, console: &mut Console<'_>) -> Result<Exit, Failure> {
    match command {
        GrantCommand::List => list(console, &client.list(GRANTS)?, &["id", "role", "user", "team", "object"]),
        GrantCommand::Add { role, user, team, object } => {
            let mut body = json!({"role": role});
            with(&mut body, "user", user.as_deref());
            with(&mut body, "team", team.as_deref());
            with(&mut body, "object", object.as_deref());
            let holder = user.as_deref().or(team.as_deref()).unwrap_or_default();
            done(console, &client.post(GRANTS, Some(&body))?.body, &format!("{holder} has the role {role}"))
        }
        GrantCommand::Remove { id } => {
            client.delete(&format!("{GRANTS}/{}", part(id)))?;
            done(console, &Value::Null, &format!("the grant {id} is taken back"))
        }
    }
}
