//! Commands that ask a server: its address, the token that is shown, and how its answers become words and exit codes.

mod client;
mod entry;
mod jobs;
mod people;
mod results;
mod server;
mod shown;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;

use crate::failure::Failure;

use client::Client;
pub(crate) use client::{token, token_in};

pub(crate) use server::Server;

/// Which server, and who asks
#[derive(Debug, Default, Args)]
pub(crate) struct ServerArgs {
    /// The server that is asked, instead of `TIDEGATE_SERVER`, `http.public_url` or port 8470 of this machine
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// A file with the token to show, instead of `TIDEGATE_TOKEN` or what `login` stored
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Do what cannot be undone without asking
    #[arg(long)]
    yes: bool,
}

/// Commands that ask a server
#[derive(Debug, Subcommand)]
pub(crate) enum RemoteCommand {
    /// Make the first admin of a new service, by the token that it printed
    Setup(entry::SetupArgs),
    /// Keep a token for this server, so that later commands need none
    Login(entry::LoginArgs),
    /// Say who the server takes us for, and what that one may do
    Me,
    /// Users
    #[command(subcommand)]
    User(people::UserCommand),
    /// Teams and their members
    #[command(subcommand)]
    Team(people::TeamCommand),
    /// Tokens
    #[command(subcommand)]
    Token(people::TokenCommand),
    /// Roles of users and teams
    #[command(subcommand)]
    Grant(people::GrantCommand),
    /// Work in the background
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Test results: post, ask, bring in a history
    #[command(subcommand)]
    Results(results::ResultsCommand),
}

/// Carries it out.
pub(crate) fn execute(
    command: &RemoteCommand,
    server: &ServerArgs,
    config: Option<&Path>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let client = Client::of(server, config, &environment)?;
    match command {
        RemoteCommand::Setup(args) => entry::set_up(args, &client, console),
        RemoteCommand::Login(args) => entry::log_in(args, &client, console),
        RemoteCommand::Me => entry::me(&client, console),
        RemoteCommand::User(command) => people::user(command, server.yes, &client, console),
        RemoteCommand::Team(command) => people::team(command, server.yes, &client, console),
        RemoteCommand::Token(command) => people::token(command, &client, console),
        RemoteCommand::Grant(command) => people::grant(command, &client, console),
        RemoteCommand::Jobs(command) => jobs::execute(command, &client, console),
        RemoteCommand::Results(command) => results::execute(command, &client, console),
    }
}

/// Asks whether to do what cannot be undone: on a terminal a person, elsewhere the option.
fn confirm(yes: bool, what: &str, console: &mut Console<'_>) -> Result<(), Failure> {
    use std::io::IsTerminal as _;
    if yes {
        return Ok(());
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(format!("{what} cannot be undone: give --yes before the command")));
    }
    let output = |error: std::io::Error| crate::failure::of_output(&error);
    console.warn(&format!("{what}. This cannot be undone. Go on? [y/N]")).map_err(output)?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).map_err(output)?;
    if answer.trim().eq_ignore_ascii_case("y") { Ok(()) } else { Err(Failure::no("nothing was done")) }
}
