//! What holds for Tidegate as a whole.

mod architecture;
mod hygiene;
mod migrate;
mod tree;
