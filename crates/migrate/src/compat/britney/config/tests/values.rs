//! What files without mistakes mean.

use std::path::Path;

use super::*;
use crate::hint::HintKind;

#[test]
fn the_suites_alone_are_a_configuration() {
    let config = config("");
    assert_eq!(config.dialect, Dialect::Debian);
    assert_eq!((config.target.as_path(), config.primary.as_path()), (Path::new("t"), Path::new("u")));
    assert_eq!(config.hints_dir, Path::new("u/Hints"));
    assert_eq!((config.additional.len(), config.components, config.state_dir), (0, None, None));
    assert_eq!(config.outputs, Outputs::default());
    assert_eq!((config.architectures, config.no_break_all), (None, vec![]));
    assert_eq!(config.default_urgency, "medium");
    assert_eq!(config.min_days["low"], 10);
    assert_eq!(config.smooth_updates, SmoothUpdates::Sections(BTreeSet::new()));
    assert!(config.remove_obsolete && config.auto_hinter && !config.ignore_cruft);
    assert_eq!((config.consistency_level, config.bounty_min_age, config.fake_runtime), (2, 0, None));
    assert_eq!((config.autopkgtest.enable, config.autopkgtest.huge), (Switch::No, 20));
    assert_eq!((config.email.host.as_str(), config.email.port), ("localhost", None));
    assert_eq!(config.urls.bug, "https://bugs.debian.org/{bug}");
}

#[test]
fn a_file_of_2019_is_read() {
    let config = config(
        "TPU = tpu\nPU = pu\nNONINST_STATUS = o/status\nEXCUSES_OUTPUT = o/e.html\nEXCUSES_YAML_OUTPUT = o/e.yaml\n\
         UPGRADE_OUTPUT = o/output.txt\nHEIDI_OUTPUT = ./o/HeidiResult\nSTATIC_INPUT_DIR = in\nSTATE_DIR = state\nHINTSDIR = hints\n\
         ARCHITECTURES = amd64 arm64\nNOBREAKALL_ARCHES = amd64\nOUTOFSYNC_ARCHES = arm64\nBREAK_ARCHES = arm64\nNEW_ARCHES = arm64\n\
         ALL_BUILDARCH = amd64\nMINDAYS_LOW = 7\nMINDAYS_MEDIUM = 3\nMINDAYS_HIGH = 1\nDEFAULT_URGENCY = Low\nNO_PENALTIES = HIGH\n\
         BOUNTY_MIN_AGE = medium\nFAKE_RUNTIME = 1794734810\nHINTS_ANN = STANDARD force\nHINTS_FREEZE = block block-all\n\
         SMOOTH_UPDATES = libs oldlibs\nIGNORE_CRUFT = 1\nREMOVE_OBSOLETE = no\nCHECK_CONSISTENCY_LEVEL = 3\nADT_ENABLE = no\nAUTOHINTER = no\n",
    );
    assert_eq!(config.additional, [("tpu".to_owned(), "tpu".into()), ("pu".to_owned(), "pu".into())]);
    assert_eq!(config.outputs.noninst_status, Some("o/status".into()));
    assert_eq!(config.outputs.excuses_html, Some("o/e.html".into()));
    assert_eq!(config.outputs.excuses_yaml, Some("o/e.yaml".into()));
    assert_eq!(config.outputs.upgrade, Some("o/output.txt".into()));
    assert_eq!(config.outputs.heidi, Some("./o/HeidiResult".into()));
    assert_eq!(config.outputs.heidi_delta, Some("./o/HeidiResultDelta".into()));
    assert_eq!((config.static_input_dir, config.state_dir), (Some("in".into()), Some("state".into())));
    assert_eq!(config.hints_dir, Path::new("hints"));
    assert_eq!(config.architectures, Some(strings(&["amd64", "arm64"])));
    assert_eq!((config.no_break_all, config.out_of_sync), (strings(&["amd64"]), strings(&["arm64"])));
    assert_eq!((config.break_arches, config.new_arches), (strings(&["arm64"]), strings(&["arm64"])));
    assert_eq!(config.all_build_arch.as_deref(), Some("amd64"));
    assert_eq!(
        config.min_days.into_iter().collect::<Vec<_>>(),
        [("high".to_owned(), 1), ("low".to_owned(), 7), ("medium".to_owned(), 3)]
    );
    assert_eq!((config.default_urgency.as_str(), config.bounty_min_age), ("low", 3));
    assert!(config.no_penalties.contains("high"));
    assert_eq!(config.fake_runtime, Some(1_794_734_810));
    assert_eq!(config.hint_rights["ann"], HintRights::STANDARD.and(HintRights::of(&[HintKind::Force])));
    assert_eq!(config.hint_rights["freeze"], HintRights::of(&[HintKind::Block, HintKind::BlockAll]));
    assert!(config.smooth_updates.contains("libs") && config.smooth_updates.contains("non-free/oldlibs"));
    assert!(!config.smooth_updates.contains("misc"));
    assert!(config.ignore_cruft && !config.remove_obsolete && !config.auto_hinter);
    assert_eq!(config.consistency_level, 3);
}

#[test]
fn a_file_of_2015_is_read() {
    let config = config("COMPONENTS = main, contrib,non-free\nARCHITECTURES = i386\nFUCKED_ARCHES = i386\n");
    assert_eq!(config.components, Some(strings(&["main", "contrib", "non-free"])));
    assert_eq!(config.out_of_sync, ["i386"]);
    assert_eq!((config.dialect, config.state_dir), (Dialect::Debian, None));
}

#[test]
fn a_file_of_ubuntu_is_read() {
    let text = "UNSTABLE = data/%(SERIES)-proposed\nTESTING = data/%(SERIES)\nPARTIAL_UNSTABLE = yes\nHAS_ARCH_ALL_BUILDDS = no\n\
        EXCUSES_YAML_OUTPUT = out/%(SERIES)/excuses.yaml.xz\nADT_ENABLE = dry-run\nADT_ARCHES = amd64 i386\n\
        ADT_AMQP = amqp://me:secret@mq.example.org/vhost\nADT_PPAS = me/one you/two\nADT_SHARED_RESULTS_CACHE = cache\n\
        ADT_SWIFT_URL = https://swift.example.org/v1/\nADT_DB_URL = file:///srv/autopkgtest.db\nADT_CI_URL = https://ci.example.org\n\
        ADT_HUGE = 30\nADT_REGRESSION_PENALTY = 27\nADT_SUCCESS_BOUNTY = 6\nADT_BASELINE = reference\nADT_RETRY_URL_MECH = run_id\n\
        ADT_RETRY_OLDER_THAN = 14\nADT_REFERENCE_MAX_AGE =\nEMAIL_ENABLE = yes\nEMAIL_HOST = localhost:1337\nEMAIL_FROM = Robot <r@x.org>\n\
        EMAIL_ADDRESSES = addresses.json\nSRUREGRESSIONEMAIL_ENABLE = dry-run\nPIUPARTS_ENABLE = no\nCHECK_BUILDD = yes\nIMPLICIT_DEPS = yes\n";
    let (config, warnings) = read(text, &CommandLine { series: "noble", ..CommandLine::default() }).unwrap();
    assert_eq!(said(&warnings), [""; 0]);
    assert_eq!((config.dialect, config.series.as_str()), (Dialect::Ubuntu, "noble"));
    assert_eq!(
        (config.target.as_path(), config.primary.as_path()),
        (Path::new("data/noble"), Path::new("data/noble-proposed"))
    );
    assert_eq!(config.outputs.excuses_yaml, Some("out/noble/excuses.yaml.xz".into()));
    assert!(config.partial_source && !config.has_arch_all_buildds && config.check_buildd && config.implicit_deps);
    assert!(!config.auto_hinter);
    let tests = config.autopkgtest;
    assert_eq!((tests.enable, tests.huge), (Switch::DryRun, 30));
    assert_eq!((tests.arches, tests.ppas), (strings(&["amd64", "i386"]), strings(&["me/one", "you/two"])));
    assert_eq!(tests.queue, Some(Queue::Amqp("amqp://me:secret@mq.example.org/vhost".to_owned())));
    assert_eq!(tests.shared_results_cache, Some("cache".into()));
    assert_eq!(tests.results, Some(Location::Http("https://swift.example.org/v1".to_owned())));
    assert_eq!(tests.database, Some(Location::File("/srv/autopkgtest.db".into())));
    assert_eq!(tests.ci_url.as_deref(), Some("https://ci.example.org/"));
    assert_eq!((tests.regression_penalty, tests.success_bounty), (Some(27), Some(6)));
    assert!(tests.reference_baseline && tests.retry_by_run_id);
    assert_eq!((tests.retry_older_than, tests.reference_max_age), (Some(14), None));
    let email = config.email;
    assert_eq!((email.enable, email.host.as_str(), email.port), (Switch::Yes, "localhost", Some(1337)));
    assert_eq!(email.from.map(|from| from.to_string()).as_deref(), Some("Robot <r@x.org>"));
    assert_eq!(email.addresses, Some("addresses.json".into()));
    assert_eq!((config.sru_regression_email, config.piuparts), (Switch::DryRun, Some(false)));
    assert!(config.urls.bug.contains("launchpad"));
}

#[test]
fn keys_may_be_in_any_case_and_lines_may_be_comments() {
    let (config, warnings) = read(
        "\u{feff}# a comment\r\n\r\n testing=t\r\nUnstable = u = v\r\n  # another = one\n",
        &CommandLine::default(),
    )
    .unwrap();
    assert_eq!(warnings, []);
    assert_eq!((config.target.as_path(), config.primary.as_path()), (Path::new("t"), Path::new("u = v")));
}

#[test]
fn the_first_value_that_is_not_empty_counts() {
    assert_eq!(config("STATE_DIR =\nSTATE_DIR = a\nSTATE_DIR =\nSTATE_DIR = a\n").state_dir, Some("a".into()));
    assert_eq!(
        warnings("STATE_DIR = a\nstate_dir = b\n"),
        ["britney.conf:4:1: \"state_dir\" is set again; the first value, of line 3, counts; remove one of them"]
    );
}

#[test]
fn the_command_line_beats_the_file() {
    let overrides =
        [("architectures".to_owned(), "amd64 %(SERIES)".to_owned()), ("STATE_DIR".to_owned(), String::new())];
    let command_line = CommandLine { series: "i386", distribution: None, overrides: &overrides };
    let text = format!("{SUITES}ARCHITECTURES = amd64 arm64\nSTATE_DIR = s\n");
    let (config, warnings) = read(&text, &command_line).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(config.architectures, Some(strings(&["amd64", "i386"])));
    assert_eq!(config.state_dir, Some("s".into()));
}

#[test]
fn mistakes_on_the_command_line_are_said_to_be_there() {
    let overrides = [("FAKE_RUNTIME".to_owned(), "noon".to_owned())];
    let mistakes = read(SUITES, &CommandLine { overrides: &overrides, ..CommandLine::default() }).unwrap_err();
    assert_eq!(
        said(&mistakes),
        ["command line:1:1: FAKE_RUNTIME is \"noon\"; expected a whole number of seconds since 1970"]
    );
}

#[test]
fn keys_and_the_option_tell_the_dialect() {
    for key in KEYS.iter().filter(|key| key.tells_dialect) {
        assert_eq!(config(&format!("{} =\n", key.name)).dialect, Dialect::Ubuntu, "{}", key.name);
    }
    let with_distribution = CommandLine { distribution: Some("ubuntu"), ..CommandLine::default() };
    let (config, _) = read(SUITES, &with_distribution).unwrap();
    assert_eq!((config.dialect, config.distribution.as_deref()), (Dialect::Ubuntu, Some("ubuntu")));
    let (config, _) = read(&format!("{SUITES}TIDEGATE_DIALECT = Debian\n"), &with_distribution).unwrap();
    assert_eq!(config.dialect, Dialect::Debian);
    assert_eq!(super::tests::config("TIDEGATE_DIALECT = ubuntu\n").dialect, Dialect::Ubuntu);
    assert_eq!(
        refusals("TIDEGATE_DIALECT = fedora\n"),
        ["britney.conf:3:20: TIDEGATE_DIALECT is \"fedora\"; expected debian or ubuntu"]
    );
}

#[test]
fn a_key_of_the_other_dialect_is_worth_a_warning() {
    assert_eq!(
        warnings("TIDEGATE_DIALECT = debian\nEMAIL_ENABLE = yes\nCHECK_BUILDD =\n"),
        ["britney.conf:4:16: EMAIL_ENABLE has no effect in the debian dialect, only in ubuntu's"]
    );
}
