//! Clients of others, which come as Python packages.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use sha2::{Digest as _, Sha256};

use crate::database::note_skip;
use crate::postgres::build_folder;

/// A Python with packages of its own.
#[derive(Debug, Clone)]
pub struct Python {
    program: PathBuf,
}

impl Python {
    /// One with these packages, each with its version: `requests==2.34.2`. Made once and kept in the build folder. Nothing
    /// where there is no Python or no index of packages, which is printed and counted.
    ///
    /// # Panics
    ///
    /// The build folder cannot be written.
    #[expect(clippy::print_stdout, reason = "whoever runs the test reads why it did not run")]
    pub fn with(packages: &[&str]) -> Option<Self> {
        let digest = Sha256::digest(packages.join("\n"));
        let [first, second, third, fourth, ..] = <[u8; 32]>::from(digest);
        let name = format!("{:08x}", u32::from_be_bytes([first, second, third, fourth]));
        let folders = build_folder().join("testkit-python");
        let folder = folders.join(name);
        if !folder.exists() {
            std::fs::create_dir_all(&folders).expect("the build folder can be written");
            let fresh = tempfile::tempdir_in(&folders).expect("the build folder can be written");
            let made = run("python3", &["-m", "venv", "--clear", &fresh.path().display().to_string()]);
            let pip = fresh.path().join("bin/python").display().to_string();
            let install: Vec<_> = ["-m", "pip", "install", "-q", "--retries", "1", "--timeout", "20"].into();
            if !made || !run(&pip, &[install, packages.to_vec()].concat()) {
                println!("skipped: Python cannot get {}", packages.join(" "));
                note_skip();
                return None;
            }
            // another test may have been faster
            let _ = std::fs::rename(fresh.keep(), &folder);
        }
        Some(Self { program: folder.join("bin/python") })
    }

    /// The interpreter, to be started with words of its own.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.stdin(Stdio::null());
        command
    }

    /// Runs a script with these words, and gives what it printed.
    ///
    /// # Panics
    ///
    /// It fails.
    pub fn run(&self, script: &str, words: &[&str]) -> String {
        let output = self.command().arg("-c").arg(script).args(words).output();
        let output = output.expect("the program is there");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the script failed: {errors}");
        String::from_utf8(output.stdout).expect("scripts print UTF-8")
    }
}

fn run(program: &str, words: &[&str]) -> bool {
    let status = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
