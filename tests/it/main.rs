//! What holds for Tidegate as a whole.

mod architecture;
mod demo;
mod doubles;
mod hygiene;
mod migrate;
mod pages;
mod results;
mod serve;
mod tree;
