//! Commands that ask a server: its address, the token that is shown, and how its answers become words and exit codes.

mod client;
mod desk;
mod entry;
mod events;
mod jobs;
mod messages;
mod people;
mod results;
mod server;
mod shown;
mod sse;
mod trail;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use tidegate_migrate::cli::{Console, Exit};
use tidegate_platform::config::Environment;

use crate::failure::Failure;

use client::Client;
use desk::{Change, Desk};

pub(crate) use client::{token, token_in};

pub(crate) use desk::Writing;
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
    User(people::UserArgs),
    /// Teams and their members
    Team(people::TeamArgs),
    /// Tokens
    Token(people::TokenArgs),
    /// Roles of users and teams
    Grant(people::GrantArgs),
    /// Where something went through all gates, and where it stands
    Trail(trail::TrailArgs),
    /// What holds something and what it waits for, and who can act
    Why {
        /// A subject such as build:nethack-9-1.fc44, or what people call it
        subject: String,
    },
    /// What stands still, and why
    #[command(subcommand)]
    Blockers(trail::BlockersCommand),
    /// What happens
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// Work in the background
    #[command(subcommand)]
    Jobs(jobs::JobsCommand),
    /// Messages and deeds that did not go through at once
    #[command(subcommand)]
    Messages(messages::MessagesCommand),
    /// What came from outside and did not have its effect at once
    #[command(subcommand)]
    Inbox(messages::InboxCommand),
    /// Web hooks that get messages
    #[command(subcommand)]
    Hook(messages::HookCommand),
    /// Who changed what, and why
    Writes(trail::WritesArgs),
    /// Test results: post, ask, bring in a history
    #[command(subcommand)]
    Results(results::ResultsCommand),
}

impl RemoteCommand {
    /// Whether it works on the store itself.
    fn is_local(&self) -> bool {
        match self {
            Self::User(args) => args.way.local,
            Self::Team(args) => args.way.local,
            Self::Token(args) => args.way.local,
            Self::Grant(args) => args.way.local,
            _ => false,
        }
    }
}

/// Carries it out.
pub(crate) fn execute(
    command: &RemoteCommand,
    server: &ServerArgs,
    config: Option<&Path>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let environment = Environment::of_process();
    let client = if command.is_local() {
        Client::local(config, &environment)?
    } else {
        Client::of(server, config, &environment)?
    };
    let mut desk = Desk { client: &client, console, yes: server.yes };
    let done = carry_out(command, &mut desk);
    client.close();
    done
}

fn carry_out(command: &RemoteCommand, desk: &mut Desk<'_, '_>) -> Result<Exit, Failure> {
    match command {
        RemoteCommand::Setup(args) => entry::set_up(args, desk),
        RemoteCommand::Login(args) => entry::log_in(args, desk),
        RemoteCommand::Me => entry::me(desk),
        RemoteCommand::User(args) => people::user(&args.command, desk),
        RemoteCommand::Team(args) => people::team(&args.command, desk),
        RemoteCommand::Token(args) => people::token(&args.command, desk),
        RemoteCommand::Grant(args) => people::grant(&args.command, desk),
        RemoteCommand::Trail(args) => trail::trail(args, desk),
        RemoteCommand::Why { subject } => trail::why(subject, desk),
        RemoteCommand::Blockers(command) => trail::blockers(command, desk),
        RemoteCommand::Events(command) => events::execute(command, desk),
        RemoteCommand::Jobs(command) => jobs::execute(command, desk),
        RemoteCommand::Messages(command) => messages::messages(command, desk),
        RemoteCommand::Inbox(command) => messages::inbox(command, desk),
        RemoteCommand::Hook(command) => messages::hook(command, desk),
        RemoteCommand::Writes(args) => trail::writes(args, desk),
        RemoteCommand::Results(command) => results::execute(command, desk.client, desk.console),
    }
}

/// Has the server read its configuration again.
pub(crate) fn reload(
    writing: &Writing,
    server: &ServerArgs,
    config: Option<&Path>,
    console: &mut Console<'_>,
) -> Result<Exit, Failure> {
    let client = Client::of(server, config, &Environment::of_process())?;
    let mut desk = Desk { client: &client, console, yes: server.yes };
    let said = "the server has read its configuration again";
    desk.change(writing, Change::post("/api/v1/platform/config/reload", None, said))
}
