//! Tidegate's program: the command line of all gates.

mod cli;
mod config_command;
mod demo;
mod failure;
mod load;
mod pages;
mod remote;
mod serve;
mod settings;

use std::process::ExitCode;

fn main() -> ExitCode {
    // one provider for all TLS of this process; a second one would be refused, and there is none
    let _ = rustls::crypto::ring::default_provider().install_default();
    cli::main()
}
