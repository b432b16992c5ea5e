//! What an operator may write, and what is said about it.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use tidegate_platform::config::{
    ConfigErrors, Environment, Keep, Known, PlatformConfig, Reader, Size, Sources, Standing, reference, show,
};

tidegate_platform::section! {
    /// A gate of its own.
    pub struct HarbourConfig {
        /// Whether it is open.
        pub enabled: value(bool) = "true",
        /// How many ships fit.
        pub ship_slots: value(u32) = "5",
        /// Piers by name.
        pub pier: named(PierConfig),
    }
}

tidegate_platform::section! {
    /// A pier.
    pub struct PierConfig {
        /// How long it is.
        pub metres: required(u32),
    }
}

type Read = Result<((PlatformConfig, HarbourConfig), Vec<Known>), ConfigErrors>;

fn read(text: &str, environment: &Environment) -> Read {
    read_from(&Sources::of_text("tidegate.toml", text).with(environment), environment)
}

fn read_from(sources: &Sources, environment: &Environment) -> Read {
    let mut reader = Reader::new(sources);
    let platform = PlatformConfig::read(&mut reader, environment);
    let harbour = reader.table::<HarbourConfig>("harbour");
    let (both, known) = reader.finish(platform.zip(harbour))?;
    Ok((both.expect("without a mistake everything is read"), known))
}

fn mistakes(text: &str) -> String {
    read(text, &Environment::default()).expect_err("there are mistakes").to_string()
}

#[test]
fn nothing_at_all_is_a_configuration() {
    let environment = Environment::of([("HOME", "/home-of-ann")]);
    let ((platform, harbour), _) = read("", &environment).unwrap();
    assert_eq!(platform.http.listen, ["127.0.0.1:8470".parse().unwrap()]);
    assert_eq!(platform.data_dir.to_str(), Some("/home-of-ann/.local/share/tidegate"));
    assert_eq!((platform.http.max_body, platform.jobs.lease), (Size(4 << 20), Duration::from_secs(60)));
    assert_eq!(platform.retention.sent, Keep::For(Duration::from_secs(14 * 86_400)));
    assert!(harbour.enabled && harbour.pier.is_empty());
}

#[test]
fn five_mistakes_are_five_lines() {
    let text = "\
[http]
max_body = \"4 megabytes\"
lsiten = [\"127.0.0.1:1\"]

[harbour]
ship_slot = 7
enabled = \"yes\"

[harbor]
x = 1
";
    insta::assert_snapshot!(mistakes(text), @r#"
    tidegate.toml:2:12: http.max_body: "4 megabytes" is not what this key holds: expected a size with its unit, such as "512KiB" or "4MiB"
    tidegate.toml:3:1: unknown key "lsiten" in [http]; did you mean "listen"?
    tidegate.toml:6:1: unknown key "ship_slot" in [harbour]; did you mean "ship_slots"?
    tidegate.toml:7:11: harbour.enabled: "yes" is not what this key holds: expected true or false
    tidegate.toml:9:2: unknown table [harbor]; did you mean "harbour"?
    "#);
}

#[test]
fn what_is_no_toml_is_told_with_the_rest() {
    let told = mistakes("[http]\nmax_body = 4MiB\n[jobs]\nslot = 2\n");
    assert!(told.starts_with("tidegate.toml:2:"), "{told}");
    assert!(told.contains("tidegate.toml:4:1: unknown key \"slot\" in [jobs]; did you mean \"slots\"?"), "{told}");
}

#[test]
fn tables_with_names_are_read_and_their_mistakes_told() {
    let ((_, harbour), _) =
        read("[harbour.pier.north]\nmetres = 300\n[harbour.pier.south]\nmetres = 90\n", &Environment::default())
            .unwrap();
    let piers: Vec<_> = harbour.pier.iter().map(|(name, pier)| (name.as_str(), pier.metres)).collect();
    assert_eq!(piers, [("north", 300), ("south", 90)]);
    insta::assert_snapshot!(mistakes("[harbour.pier.north]\n[harbour.pier.south]\nmetre = 9\n[[hook]]\n"), @r#"
    tidegate.toml:1:15: [harbour.pier.north] lacks "metres": expected a whole number from 0 to 4294967295
    tidegate.toml:2:15: [harbour.pier.south] lacks "metres": expected a whole number from 0 to 4294967295
    tidegate.toml:3:1: unknown key "metre" in [harbour.pier.south]; did you mean "metres"?
    tidegate.toml:4:3: hook = [{  }] is not what stands here: expected tables: [hook.<name>]
    "#);
}

#[test]
fn the_environment_wins_over_the_file() {
    let environment = Environment::of([
        ("TIDEGATE_HARBOUR__SHIP_SLOTS", "9"),
        ("TIDEGATE_HTTP__LISTEN", "[\"127.0.0.1:0\"]"),
        ("TIDEGATE_BUS__QUEUE", "42"),
        ("TIDEGATE_DATA_DIR", "/var/lib/tidegate"),
        ("TIDEGATE_STORE__URL", "postgres://ann:tide@db/gate"),
        ("TIDEGATE_SOMETHING_ELSE", "of another program"),
        ("PATH", "/bin"),
    ]);
    let ((platform, harbour), known) = read("[harbour]\nship_slots = 2\n", &environment).unwrap();
    assert_eq!((harbour.ship_slots, platform.bus.queue.as_str()), (9, "42"));
    assert_eq!(platform.http.listen[0].port(), 0);
    assert_eq!(platform.data_dir.to_str(), Some("/var/lib/tidegate"));
    let shown = show(&known);
    assert!(shown.contains("store.url = \"postgres://ann:***@db/gate\""), "{shown}");
    assert!(!shown.contains("tide@"), "{shown}");

    let refused = read("", &Environment::of([("TIDEGATE_JOBS__LEASE", "60")])).unwrap_err().to_string();
    assert!(refused.starts_with("TIDEGATE_JOBS__LEASE: jobs.lease: 60 is not what this key holds"), "{refused}");
}

#[test]
fn a_secret_lies_in_a_file_that_others_cannot_read() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str, mode: u32| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
        path
    };
    write("bus.secret", "high tide\n", 0o640);
    write("open.secret", "low tide\n", 0o644);
    let config = write("tidegate.toml", "[bus]\npassword_file = \"bus.secret\"\n", 0o644);
    let environment = Environment::default();
    let ((platform, _), known) = read_from(&Sources::find(Some(&config), &environment).unwrap(), &environment).unwrap();
    assert!(platform.bus.password_file.is_some_and(|secret| secret.is("high tide")));
    assert!(!show(&known).contains("tide\n"), "{}", show(&known));

    let config =
        write("other.toml", "[bus]\npassword_file = \"open.secret\"\n[mail]\npassword_file = \"none\"\n", 0o644);
    let sources = Sources::find(Some(&config), &environment).unwrap();
    let told = read_from(&sources, &environment).unwrap_err().to_string();
    assert!(told.contains("others may read this secret, as its mode is 0644: expected at most 0640"), "{told}");
    assert!(told.contains("none: No such file"), "{told}");

    let by_environment = Environment::of([("TIDEGATE_BUS__PASSWORD", "spring tide")]);
    let ((platform, _), known) = read("[bus]\npassword_file = \"gone\"\n", &by_environment).unwrap();
    assert!(platform.bus.password_file.is_some_and(|secret| secret.is("spring tide")));
    assert!(!format!("{known:?}").contains("spring"), "{known:?}");
}

#[test]
fn a_secret_in_the_file_itself_is_refused_and_not_repeated() {
    let told = mistakes("[bus]\npassword = \"neap\"\nurl = \"amqp://ann:neap@host\"\n");
    assert!(!told.contains("neap"), "{told}");
    assert!(told.contains("name a file by \"password_file\", or set TIDEGATE_BUS__PASSWORD"), "{told}");
    assert!(told.contains("tidegate.toml:3:7: bus.url: a password stands in this address"), "{told}");
}

#[test]
fn hooks_of_tests_are_refused_beyond_loopback() {
    let told = mistakes("[test]\nhooks = true\n[http]\nlisten = [\"127.0.0.1:1\", \"0.0.0.0:8470\"]\n");
    assert!(told.contains("http.listen has 0.0.0.0:8470: expected loopback only"), "{told}");
}

#[test]
fn a_grant_has_one_holder() {
    let told = mistakes("[[auth.grant]]\nrole = \"platform.admin\"\n");
    assert!(told.contains("expected either user or team"), "{told}");
}

#[test]
fn the_reference_is_itself_a_configuration_of_defaults() {
    let (_, known) = read("", &Environment::default()).unwrap();
    let text = reference(&known);
    assert!(text.contains("\n# [hook.<name>]\n# Where they are posted to.\n# url =\n"), "{text}");
    assert!(text.contains("\n# [[auth.grant]]\n"), "{text}");
    let mut uncommented = String::new();
    let mut in_example = false;
    for line in text.lines() {
        in_example = line.starts_with("# [") || in_example && !line.starts_with('[');
        let is_key = |line: &&str| line.contains(" = ") && !line.ends_with('.') && !in_example;
        let _ = writeln!(uncommented, "{}", line.strip_prefix("# ").filter(is_key).unwrap_or(line));
    }
    let defaults: Vec<_> =
        known.iter().filter(|known| known.default.is_some() && known.standing == Standing::Fixed).collect();
    let (_, again) = read(&uncommented, &Environment::default()).unwrap_or_else(|told| panic!("{told}\n{uncommented}"));
    for known in defaults {
        let other = again.iter().find(|other| other.key == known.key).expect("the key is still known");
        assert_eq!(known.value, other.value, "{}", known.key);
    }
}
