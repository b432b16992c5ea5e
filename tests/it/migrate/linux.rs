//! The policy linux: kernels and their meta packages.

use serde_json::{Value, json};

use super::ubuntu::ubuntu;

const OLD: &str = "linux 1\nlinux-signed 1\nlinux-meta 1\nlinux-hwe 1\nlinux-meta-hwe 1\nlinux-firmware 1";

#[test]
fn a_kernel_moves_with_its_meta_package() {
    let case = || {
        ubuntu()
            .testing(OLD)
            .unstable("linux 2\nlinux-signed 2\nlinux-meta 2\nlinux-hwe 2\nlinux-meta-hwe 2\nlinux-firmware 2")
    };
    assert_eq!(
        case().run().sources(),
        "linux 2, linux-firmware 2, linux-hwe 2, linux-meta 2, linux-meta-hwe 2, linux-signed 2"
    );
    let run = case().hints("block linux-meta\n").run();
    for kernel in ["linux", "linux-signed"] {
        assert_eq!(run.verdict(kernel), "REJECTED_BLOCKED_BY_ANOTHER_ITEM linux", "{kernel}");
    }
    for other in ["linux-hwe", "linux-meta-hwe", "linux-firmware"] {
        assert_eq!(run.verdict(other), "PASS", "{other}");
    }
}

#[test]
fn a_kernel_waits_for_a_meta_package_that_has_not_come() {
    let run = ubuntu().testing(OLD).unstable(&OLD.replace("linux 1", "linux 2")).run();
    assert_eq!(run.verdict("linux"), "REJECTED_TEMPORARILY linux");
}

#[test]
fn the_policy_speaks_of_kernels_alone() {
    let run = ubuntu().testing("foo 1\nlinux-meta 1").unstable("foo 2\nlinux-meta 2\nlinuxdoc 1").run();
    assert_eq!(run.policy("linux-meta", "linux"), json!({"verdict": "PASS"}));
    assert_eq!([run.policy("foo", "linux"), run.policy("linuxdoc", "linux")], [Value::Null, Value::Null]);
}
