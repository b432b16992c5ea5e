//! Who may do what at this gate.

use tidegate_platform::auth::{GateRights, Permission, Role};

/// May send results.
pub const WRITE: Permission = Permission::new("results:write");
/// May bring in a history of results.
pub const IMPORT: Permission = Permission::new("results:import");

/// The gate's permissions and roles.
pub const RIGHTS: GateRights = GateRights {
    prefix: "results",
    permissions: &[WRITE, IMPORT],
    roles: &[
        Role { name: "results.reporter", permits: &[WRITE] },
        Role { name: "results.importer", permits: &[IMPORT] },
    ],
};
