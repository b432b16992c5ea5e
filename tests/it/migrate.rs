//! The gate `migrate` as its users meet it: the real program on archives small enough to be read.
//!
//! [`case`] builds an archive from a story in the [`notation`], [`run`] holds what the program made of it. The other modules are
//! the stories, one noun each. Numbers in their comments are those of the scenarios that the gate is accepted by.

mod case;
mod notation;
mod run;

mod ages;
mod architectures;
mod autopkgtest;
mod blocks;
mod britney_cases;
mod bugs;
mod build_depends;
mod built_on_buildd;
mod built_using;
mod command;
mod constraints;
mod dependencies;
mod essential;
mod force;
mod groups;
mod hijacked;
mod hints;
mod implicit_deps;
mod inputs;
mod layout;
mod linux;
mod outputs;
mod piuparts;
mod regressions_told;
mod reminders;
mod reminders_addressed;
mod reminders_asked;
mod reminders_killed;
mod reminders_smtp;
mod removals;
mod smooth_updates;
mod snapshot;
mod source_ppa;
mod tpu;
mod tracker_bugs;
mod trials;
mod ubuntu;
mod ubuntu_runs;
mod unmet_relations;
mod what_if;
