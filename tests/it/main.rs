//! What holds for Tidegate as a whole.

mod architecture;
mod demo;
mod hygiene;
mod migrate;
mod results;
mod serve;
mod tree;
