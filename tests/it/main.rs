//! What holds for Tidegate as a whole.

mod architecture;
mod hygiene;
mod tree;
