//! Properties of the whole crate: the same answers as slow and obvious versions, as dpkg and as other crates, and no panic on
//! any input.
//!
//! `bodies` holds what the fuzz targets below `fuzz/` run too; here it runs on generated input.

mod bodies {
    pub(crate) mod deb822;
    pub(crate) mod relations;
}
mod compression;
mod deb822;
mod dpkg;
mod index;
mod relation;
mod version;
