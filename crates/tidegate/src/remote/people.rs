//! `user`, `team`, `token`, `grant`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tidegate_migrate::cli::Exit;

use super::desk::{Change, Desk, Writing, body, part, query, text};
use super::entry::first_line;
use crate::failure::Failure;

/// Who is asked about people: a server, or the store itself
#[derive(Debug, Args)]
pub(crate) struct Way {
    /// Work on the store of the configuration instead of asking a server: for when nobody can log in
    #[arg(long, global = true)]
    pub(super) local: bool,
}

/// Users
#[derive(Debug, Args)]
pub(crate) struct UserArgs {
    #[command(flatten)]
    pub(super) way: Way,
    #[command(subcommand)]
    pub(super) command: UserCommand,
}

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
        #[command(flatten)]
        about: About,
        #[command(flatten)]
        writing: Writing,
    },
    /// Change one
    Set {
        /// The name
        name: String,
        #[command(flatten)]
        about: About,
        /// Whether this one may do anything: active or blocked
        #[arg(long)]
        state: Option<String>,
        #[command(flatten)]
        writing: Writing,
    },
    /// Remove one with tokens, sessions and roles
    Remove {
        /// The name
        name: String,
        #[command(flatten)]
        writing: Writing,
    },
}

/// What is known of a user
#[derive(Debug, Args)]
pub(crate) struct About {
    /// What people call this one
    #[arg(long)]
    title: Option<String>,
    /// Where mails go
    #[arg(long)]
    mail: Option<String>,
    /// A file with a password to log in with
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

/// Teams
#[derive(Debug, Args)]
pub(crate) struct TeamArgs {
    #[command(flatten)]
    pub(super) way: Way,
    #[command(subcommand)]
    pub(super) command: TeamCommand,
}

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
        #[command(flatten)]
        writing: Writing,
    },
    /// Remove one with its roles
    Remove {
        /// The name
        name: String,
        #[command(flatten)]
        writing: Writing,
    },
    /// Make a user a member
    Join {
        /// The team
        team: String,
        /// The user
        user: String,
        #[command(flatten)]
        writing: Writing,
    },
    /// Make a user no member any more
    Leave {
        /// The team
        team: String,
        /// The user
        user: String,
        #[command(flatten)]
        writing: Writing,
    },
}

/// Tokens
#[derive(Debug, Args)]
pub(crate) struct TokenArgs {
    #[command(flatten)]
    pub(super) way: Way,
    #[command(subcommand)]
    pub(super) command: TokenCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List them
    List {
        /// Whose; our own without it, and with --local everybody's
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
        /// When it ends, as 2026-12-31T00:00:00Z; after a year without it
        #[arg(long, value_name = "TIME")]
        expires_at: Option<String>,
        #[command(flatten)]
        writing: Writing,
    },
    /// End one for good
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        writing: Writing,
    },
}

/// Roles of users and teams
#[derive(Debug, Args)]
pub(crate) struct GrantArgs {
    #[command(flatten)]
    pub(super) way: Way,
    #[command(subcommand)]
    pub(super) command: GrantCommand,
}

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
        #[command(flatten)]
        writing: Writing,
    },
    /// Take one back
    Remove {
        /// Its id
        id: String,
        #[command(flatten)]
        writing: Writing,
    },
}

const USERS: &str = "/api/v1/platform/users";
const TEAMS: &str = "/api/v1/platform/teams";
const TOKENS: &str = "/api/v1/platform/tokens";
const GRANTS: &str = "/api/v1/platform/grants";

impl About {
    fn body(&self, key: &str, value: Option<&str>) -> Result<Value, Failure> {
        let password = self.password_file.as_deref().map(first_line).transpose()?;
        Ok(body([
            (key, text(value)),
            ("title", text(self.title.as_deref())),
            ("mail", text(self.mail.as_deref())),
            ("password", text(password.as_deref())),
        ]))
    }
}

pub(super) fn user(command: &UserCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let at = |name: &str| format!("{USERS}/{}", part(name));
    match command {
        UserCommand::List => desk.list(USERS, &["name", "title", "mail", "state", "has_password"]),
        UserCommand::Show { name } => desk.show(&at(name)),
        UserCommand::Add { name, about, writing } => {
            let new = about.body("name", Some(name))?;
            desk.change(writing, Change::post(USERS, Some(new), format!("the user {name} is made")))
        }
        UserCommand::Set { name, about, state, writing } => {
            let mut change = about.body("state", state.as_deref())?;
            if change == json!({}) {
                let what = "say what to change: --title, --mail, --state or --password-file";
                return Err(Failure::usage(format!("user set {name}: {what}")));
            }
            if !writing.dry_run {
                change["version"] = desk.client.get(&at(name))?.body["version"].clone();
            }
            desk.change(writing, Change::patch(at(name), change, format!("the user {name} is changed")))
        }
        UserCommand::Remove { name, writing } => {
            let change = Change::delete(at(name), format!("the user {name} is removed"));
            desk.change(writing, change.losing(format!("this removes the user {name} with tokens and roles")))
        }
    }
}

pub(super) fn team(command: &TeamCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    let at = |team: &str| format!("{TEAMS}/{}", part(team));
    let member = |team: &str, user: &str| format!("{}/members/{}", at(team), part(user));
    match command {
        TeamCommand::List => desk.list(TEAMS, &["name", "title", "members"]),
        TeamCommand::Add { name, title, writing } => {
            let new = body([("name", text(Some(name))), ("title", text(title.as_deref()))]);
            desk.change(writing, Change::post(TEAMS, Some(new), format!("the team {name} is made")))
        }
        TeamCommand::Remove { name, writing } => {
            let change = Change::delete(at(name), format!("the team {name} is removed"));
            desk.change(writing, change.losing(format!("this removes the team {name} with its roles")))
        }
        TeamCommand::Join { team, user, writing } => {
            desk.change(writing, Change::put(member(team, user), format!("{user} is a member of {team}")))
        }
        TeamCommand::Leave { team, user, writing } => {
            desk.change(writing, Change::delete(member(team, user), format!("{user} is no member of {team}")))
        }
    }
}

pub(super) fn token(command: &TokenCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    match command {
        TokenCommand::List { user } => {
            let fields = ["id", "user", "name", "scopes", "object", "expires_at", "used_at", "revoked_at"];
            desk.list(&query(TOKENS, [("user", user.as_deref())]), &fields)
        }
        TokenCommand::Add { name, user, scopes, object, expires_at, writing } => {
            let new = body([
                ("name", text(Some(name))),
                ("user", text(user.as_deref())),
                ("scopes", (!scopes.is_empty()).then(|| scopes.clone().into())),
                ("object", text(object.as_deref())),
                ("expires_at", text(expires_at.as_deref())),
            ]);
            let shown = |made: &Value| made["token"].as_str().unwrap_or_default().to_owned();
            desk.change_and(writing, Change::post(TOKENS, Some(new), ""), shown)
        }
        TokenCommand::Remove { id, writing } => {
            let change =
                Change::delete(format!("{TOKENS}/{}", part(id)), format!("the token {id} opens nothing any more"));
            desk.change(writing, change.losing(format!("this ends the token {id}")))
        }
    }
}

pub(super) fn grant(command: &GrantCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    match command {
        GrantCommand::List => desk.list(GRANTS, &["id", "role", "user", "team", "object"]),
        GrantCommand::Add { role, user, team, object, writing } => {
            let new = body([
                ("role", text(Some(role))),
                ("user", text(user.as_deref())),
                ("team", text(team.as_deref())),
                ("object", text(object.as_deref())),
            ]);
            let holder = user.as_deref().or(team.as_deref()).unwrap_or_default();
            desk.change(writing, Change::post(GRANTS, Some(new), format!("{holder} has the role {role}")))
        }
        GrantCommand::Remove { id, writing } => {
            let change = Change::delete(format!("{GRANTS}/{}", part(id)), format!("the grant {id} is taken back"));
            desk.change(writing, change)
        }
    }
}

/// A secret that a file holds, for whoever signs with it.
pub(super) fn secret_of(path: Option<&Path>) -> Result<Option<Value>, Failure> {
    path.map(|path| first_line(path).map(Value::from)).transpose()
}
