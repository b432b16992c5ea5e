//! What holds for Tidegate as a whole.

mod architecture;
mod demo;
mod doubles;
mod hygiene;
mod migrate;
mod serve;
mod tree;
