//! What people write for the gate can be anything: reading it never panics, and says where it is wrong.
//!
//! `bodies` holds what the fuzz targets below `fuzz/` run too; here it runs on generated input.

mod bodies {
    pub(crate) mod britney_conf;
    pub(crate) mod hints;
}

use proptest::prelude::*;

proptest! {
    #[test]
    fn any_bytes_are_read_as_hints(data in any::<Vec<u8>>()) {
        bodies::hints::run(&data);
    }

    #[test]
    fn what_looks_like_hints_is_read_as_hints(
        text in "((#|block|easy|unblock|age-days 5|force|ignore-rc-bugs 1,2|finished) ?-?[a-c_]?(/amd64)?(/1)?( b/2)?[\n;]){0,8}",
    ) {
        bodies::hints::run(text.as_bytes());
    }

    #[test]
    fn any_bytes_are_read_as_a_configuration(data in any::<Vec<u8>>()) {
        bodies::britney_conf::run(&data);
    }

    #[test]
    fn what_looks_like_a_configuration_is_read_as_one(
        text in "((TESTING|UNSTABLE|tpu|ARCHITECTURES|BREAK_ARCHES|MINDAYS_LOW|HINTS_A|EMAIL_HOST|BUG_URL|X)( ?= ?[a{}:/,5 ]{0,6})?\n){0,8}",
    ) {
        bodies::britney_conf::run(text.as_bytes());
    }
}
