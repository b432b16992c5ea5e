//! What is said of mistakes.

use super::*;
use crate::diagnostic::Severity;
use crate::hint::HintKind;

#[test]
fn all_mistakes_come_at_once_in_the_order_of_the_lines() {
    let mistakes = read(
        "TESTNG = t\nUNSTABLE = u\nMINDAYS_LOW = ten\nARCHITECTURES = amd64 arm64\nBREAK_ARCHES = arm64 amd46\nno setting\n= x\nMINDAYS_MEDIUM = 5\n",
        &CommandLine::default(),
    )
    .unwrap_err();
    assert_eq!(
        said(&mistakes),
        [
            "britney.conf:1:1: TESTING is missing; set it to the folder of the target suite",
            "britney.conf:1:1: unknown key \"TESTNG\", ignored; did you mean \"TESTING\"?",
            "britney.conf:3:15: MINDAYS_LOW is \"ten\"; expected a whole number of days",
            "britney.conf:5:22: \"amd46\" in BREAK_ARCHES is not one of ARCHITECTURES; add it there or remove it here; did you mean \"amd64\"?",
            "britney.conf:6:1: \"no setting\" is no setting; write KEY = value, or # in front of a comment",
            "britney.conf:7:1: the key is missing in front of the equals sign; write KEY = value",
        ]
    );
    assert_eq!(mistakes.iter().filter(|mistake| mistake.severity == Severity::Warning).count(), 2);
}

#[test]
fn a_missing_suite_is_named() {
    let mistakes = read("", &CommandLine::default()).unwrap_err();
    assert_eq!(
        said(&mistakes),
        [
            "britney.conf:1:1: TESTING is missing; set it to the folder of the target suite",
            "britney.conf:1:1: UNSTABLE is missing; set it to the folder of the primary source suite",
        ]
    );
    assert!(read("TESTING =\nUNSTABLE = u\n", &CommandLine::default()).is_err());
}

#[test]
fn an_unknown_key_is_a_warning_with_the_one_that_was_meant() {
    assert_eq!(
        warnings("HINTDIR = h\nWEATHER = fine\nMINDAY_LOW = 3\nHINT_ANN = ALL\nHINTS_ = ALL\n"),
        [
            "britney.conf:3:1: unknown key \"HINTDIR\", ignored; did you mean \"HINTSDIR\"?",
            "britney.conf:4:1: unknown key \"WEATHER\", ignored",
            "britney.conf:5:1: unknown key \"MINDAY_LOW\", ignored; did you mean \"MINDAYS_LOW\"?",
            "britney.conf:6:1: unknown key \"HINT_ANN\", ignored; did you mean \"HINTS_ANN\"?",
            "britney.conf:7:1: unknown key \"HINTS_\", ignored",
        ]
    );
}

#[test]
fn values_of_the_wrong_kind_are_refused() {
    let wrong = [
        ("BOUNTY_MIN_AGE = some", "some\"; expected a whole number of days, or an urgency with a MINDAYS key"),
        ("FAKE_RUNTIME = 1.5", "1.5\"; expected a whole number of seconds since 1970"),
        ("IGNORE_CRUFT = 2", "2\"; expected yes or no (1 and 0 mean the same)"),
        ("REMOVE_OBSOLETE = maybe", "maybe\"; expected yes or no (1 and 0 mean the same)"),
        ("AUTOHINTER = maybe", "maybe\"; expected yes or no (1 and 0 mean the same)"),
        ("CHECK_CONSISTENCY_LEVEL = 4", "4\"; expected a number from 0 to 3"),
        ("CHECK_CONSISTENCY_LEVEL = high", "high\"; expected a number from 0 to 3"),
        ("MINDAYS_MEDIUM = -1", "-1\"; expected a whole number of days"),
        ("ADT_ENABLE = perhaps", "perhaps\"; expected yes, dry-run or no"),
        ("ADT_HUGE = many", "many\"; expected a whole number of tests"),
        ("ADT_SUCCESS_BOUNTY = 1d", "1d\"; expected a whole number of days"),
        ("ADT_SWIFT_URL = swift.example.org", "swift.example.org\"; expected http://…, https://… or file://PATH"),
        ("ADT_SWIFT_URL = file://", "file://\"; expected http://…, https://… or file://PATH"),
        ("ADT_BASELINE = target", "target\"; expected reference, or nothing"),
        ("ADT_RETRY_URL_MECH = trigger", "trigger\"; expected run_id, or nothing"),
        ("PIUPARTS_ENABLE = dry-run", "dry-run\"; expected yes or no (1 and 0 mean the same)"),
    ];
    for (line, expected) in wrong {
        let (key, value) = line.split_once(" = ").unwrap();
        assert_eq!(refusals(line), [format!("britney.conf:3:{}: {key} is \"{expected}", line.len() - value.len() + 1)]);
    }
    for line in ["EMAIL_HOST = a b", "EMAIL_HOST = host:smtp", "EMAIL_HOST = [::1", "EMAIL_HOST = :25"] {
        let text = format!("EMAIL_ENABLE = yes\n{line}\n");
        assert!(refusals(&text)[0].ends_with("expected host, host:port or [IPv6 address]:port"), "{line}");
    }
}

#[test]
fn hosts_may_be_addresses() {
    let host = |value: &str| {
        let email = config(&format!("EMAIL_ENABLE = yes\nEMAIL_HOST = {value}\n")).email;
        (email.host, email.port)
    };
    assert_eq!(host("[::1]:2525"), ("::1".to_owned(), Some(2525)));
    assert_eq!(host("[::1]"), ("::1".to_owned(), None));
    assert_eq!(host("192.0.2.1:25"), ("192.0.2.1".to_owned(), Some(25)));
    assert_eq!(host("mail.example.org"), ("mail.example.org".to_owned(), None));
}

#[test]
fn a_queue_that_is_none_is_refused_without_its_password() {
    assert_eq!(
        refusals("ADT_AMQP = http://me:secret@host\n"),
        ["britney.conf:3:12: ADT_AMQP is no queue; expected amqp://user:password@host[:port][/vhost] or file://PATH"]
    );
    assert_eq!(config("ADT_AMQP = file://q/amqp\n").autopkgtest.queue, Some(Queue::File("q/amqp".into())));
}

#[test]
fn link_templates_know_their_words() {
    assert_eq!(config("BUG_URL = https://bugs/{bug}\n").urls.bug, "https://bugs/{bug}");
    assert_eq!(
        refusals("BUILD_URL = https://b/{sorce}/{arch}\n"),
        [
            "britney.conf:3:13: BUILD_URL can't replace \"sorce\"; it knows {source} {version} {arch}; did you mean \"source\"?"
        ]
    );
    assert_eq!(
        refusals("BUG_URL = {bug\n"),
        ["britney.conf:3:11: BUG_URL has an open brace without a closing one; it knows {bug}"]
    );
}

#[test]
fn a_hint_that_no_one_knows_permits_nothing() {
    let (config, warnings) =
        read(&format!("{SUITES}HINTS_ANN = easy, forse\nHINTS_BOB =\n"), &CommandLine::default()).unwrap();
    assert_eq!(config.hint_rights["ann"], HintRights::of(&[HintKind::Easy]));
    assert!(!config.hint_rights.contains_key("bob"));
    assert_eq!(
        said(&warnings),
        ["britney.conf:3:19: \"forse\" is neither a hint nor a role; it permits nothing; did you mean \"force\"?"]
    );
}

#[test]
fn urgencies_have_days() {
    assert_eq!(
        warnings("MINDAYS_LOV = 3\nMINDAYS_MEDIUM = 5\nNO_PENALTIES = medium hihg\n"),
        [
            "britney.conf:3:15: no upload has the urgency \"lov\"; did you mean \"low\"?",
            "britney.conf:5:23: no MINDAYS key has the urgency \"hihg\", so it has no effect in NO_PENALTIES",
        ]
    );
    assert_eq!(
        refusals("MINDAYS_LOW = 3\n"),
        [
            "britney.conf:1:1: the default urgency \"medium\" has no MINDAYS_MEDIUM; set that, or another DEFAULT_URGENCY"
        ]
    );
    assert_eq!(
        refusals("DEFAULT_URGENCY = calm\n"),
        ["britney.conf:3:19: the default urgency \"calm\" has no MINDAYS_CALM; set that, or another DEFAULT_URGENCY"]
    );
}

#[test]
fn smooth_updates_may_be_everywhere() {
    let config = config("SMOOTH_UPDATES = libs ALL\n");
    assert_eq!(config.smooth_updates, SmoothUpdates::All);
    assert!(config.smooth_updates.contains("anything"));
}

#[test]
fn architectures_have_to_be_known() {
    for key in ["NOBREAKALL_ARCHES", "OUTOFSYNC_ARCHES", "FUCKED_ARCHES", "BREAK_ARCHES"] {
        let mistakes = warnings(&format!("ARCHITECTURES = i386\n{key} = i386 hurd\n"));
        assert_eq!(
            mistakes,
            [format!(
                "britney.conf:4:{}: \"hurd\" in {key} is not one of ARCHITECTURES; add it there or remove it here",
                key.len() + 9
            )]
        );
        assert!(read(&format!("{SUITES}{key} = hurd\n"), &CommandLine::default()).is_ok());
    }
    assert_eq!(warnings("ARCHITECTURES = i386\nALL_BUILDARCH = amd64\nADT_ARCHES = arm64\n").len(), 2);
    assert_eq!(
        refusals("ARCHITECTURES = i386 all\nBREAK_ARCHES = i386 source\n"),
        [
            "britney.conf:3:22: \"all\" in ARCHITECTURES can't be the name of an architecture",
            "britney.conf:4:21: \"source\" in BREAK_ARCHES can't be the name of an architecture",
        ]
    );
}

#[test]
fn a_run_on_fewer_architectures_narrows_the_lists() {
    let overrides = [("ARCHITECTURES".to_owned(), "amd64".to_owned())];
    let command_line = CommandLine { overrides: &overrides, ..CommandLine::default() };
    let text = format!(
        "{SUITES}ARCHITECTURES = amd64 arm64\nNOBREAKALL_ARCHES = arm64 amd64\nBREAK_ARCHES = arm64\nNEW_ARCHES = arm64\n"
    );
    let (config, warnings) = read(&text, &command_line).unwrap();
    assert_eq!(warnings, []);
    assert_eq!((config.no_break_all, config.break_arches), (strings(&["amd64"]), vec![]));
    let misspelt = text.replace("= arm64 amd64", "= arm46 amd64");
    assert_eq!(read(&misspelt, &command_line).unwrap().1[0].code, "unknown-architecture");
}

#[test]
fn a_new_architecture_that_may_not_break_is_worth_a_warning() {
    assert_eq!(
        warnings("NEW_ARCHES = riscv64\n"),
        ["britney.conf:3:14: \"riscv64\" in NEW_ARCHES has no effect without BREAK_ARCHES; add it there too"]
    );
    assert_eq!(warnings("NEW_ARCHES = riscv64\nBREAK_ARCHES = riscv64\n"), [""; 0]);
}

#[test]
fn what_contradicts_itself_is_refused() {
    assert_eq!(
        refusals("TPU = ./t/\n"),
        ["britney.conf:3:7: TPU and TESTING are both \"./t/\"; give each suite its own path"]
    );
    assert_eq!(
        refusals("HEIDI_OUTPUT = o\nUPGRADE_OUTPUT = o\n"),
        ["britney.conf:3:16: HEIDI_OUTPUT and UPGRADE_OUTPUT are both \"o\"; give each output its own path"]
    );
    assert_eq!(
        refusals("OUTOFSYNC_ARCHES = a\nFUCKED_ARCHES = b\n"),
        [
            "britney.conf:4:17: FUCKED_ARCHES is another name of OUTOFSYNC_ARCHES, which has another value in line 3; keep one of them"
        ]
    );
    assert_eq!(refusals("PARTIAL_UNSTABLE = yes\nPARTIAL_SOURCE = no\n").len(), 1);
    assert_eq!(
        refusals("ADT_ENABLE = dry-run\n"),
        ["britney.conf:3:14: ADT_ENABLE is \"dry-run\", which the debian dialect doesn't have; expected yes or no"]
    );
}
