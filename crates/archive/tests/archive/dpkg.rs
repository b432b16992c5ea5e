//! dpkg's own tools as oracles, where they are installed. Where not, the test says that it was skipped.

use std::cmp::Ordering;
use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tidegate_archive::relation::{architecture_matches, parse_group};
use tidegate_archive::version::compare;

use crate::version::any_version;

fn is_installed(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let installed = run.is_ok_and(|status| status.success());
    if !installed {
        eprintln!("skipped 1 test: {program} {} does not run here", arguments.join(" "));
    }
    installed
}

fn samples<T>(strategy: &impl Strategy<Value = T>, count: usize) -> Vec<T> {
    let mut runner = TestRunner::deterministic();
    let mut sample = || strategy.new_tree(&mut runner).expect("the strategy has values").current();
    (0..count).map(|_| sample()).collect()
}

/// What dpkg says about a pair; `None` where it refuses to compare.
fn dpkg_compares(a: &str, b: &str) -> Option<Ordering> {
    let holds = |operator: &str| {
        let run = Command::new("dpkg").args(["--compare-versions", a, operator, b]).stderr(Stdio::null()).status();
        run.expect("dpkg is installed").success()
    };
    let answers = [("lt", Ordering::Less), ("eq", Ordering::Equal), ("gt", Ordering::Greater)];
    let found = answers.into_iter().find(|(operator, _)| holds(operator));
    found.map(|(_, order)| order)
}

#[test]
fn versions_compare_as_in_dpkg() {
    if !is_installed("dpkg", &["--version"]) {
        return;
    }
    let mut compared = 0;
    for (a, b) in samples(&(any_version(), any_version()), 800) {
        // dpkg takes these for options.
        if a.starts_with('-') || b.starts_with('-') {
            continue;
        }
        if let Some(order) = dpkg_compares(&a, &b) {
            assert_eq!(compare(&a, &b), order, "{a:?} {b:?}");
            compared += 1;
        }
    }
    assert!(compared > 300, "only {compared} pairs were compared");
}

/// Runs a Perl program on lines and returns its lines.
fn perl(program: &str, input: &str) -> Vec<String> {
    let mut child = Command::new("perl")
        .args(["-Mutf8", "-e", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("perl is installed");
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let input = input.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().expect("perl ends");
    writer.join().expect("the writer ends").expect("perl reads all");
    let text = String::from_utf8(output.stdout).expect("the program writes ASCII");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn architectures_match_as_in_dpkg() {
    if !is_installed("perl", &["-MDpkg::Arch=debarch_is", "-e", "0"]) {
        return;
    }
    let own = [
        "amd64",
        "arm64",
        "armel",
        "armhf",
        "i386",
        "riscv64",
        "x32",
        "mips64el",
        "mipsn32",
        "powerpcspe",
        "hurd-amd64",
        "hurd-i386",
        "kfreebsd-amd64",
        "musl-linux-amd64",
        "all",
        "source",
    ];
    let wanted = [
        "any",
        "any-any",
        "linux-any",
        "any-amd64",
        "any-arm",
        "any-i386",
        "any-mips64",
        "any-powerpc",
        "hurd-any",
        "kfreebsd-any",
        "gnu-linux-any",
        "musl-linux-any",
        "linux-amd64",
        "amd64",
        "hurd-amd64",
        "all",
        "any-armhf",
        "linux-armhf",
        "linux-x32",
        "gnu-linux-amd64",
        "x32",
    ];
    let pairs: Vec<_> = own.iter().flat_map(|own| wanted.map(|wanted| (*own, wanted))).collect();
    let input: Vec<_> = pairs.iter().map(|(own, wanted)| format!("{own} {wanted}\n")).collect();
    let program = "use Dpkg::Arch qw(debarch_is); while (<STDIN>) { my ($own, $wanted) = split; \
                   print debarch_is($own, $wanted) ? 1 : 0, qq(\\n) }";
    let answers = perl(program, &input.concat());
    assert_eq!(answers.len(), pairs.len());
    let differing: Vec<_> = pairs
        .into_iter()
        .zip(answers)
        .filter(|((own, wanted), answer)| architecture_matches(wanted, own) != (answer == "1"))
        .collect();
    assert_eq!(differing, []);
}

/// What both must read, and read alike. dpkg is more lenient about what it refuses in the end, so only one direction is asked.
#[test]
fn relations_read_as_in_dpkg() {
    if !is_installed("perl", &["-MDpkg::Deps=deps_parse", "-e", "0"]) {
        return;
    }
    let blank = "[ ]{0,2}";
    let relation = format!(
        "[a-z0-9][a-z0-9+.-]{{1,5}}(:any|:native|:arm64)?({blank}\\({blank}(<<|<=|=|>=|>>|<|>){blank}[0-9][a-z0-9.+~]{{0,4}}{blank}\\))?\
         ( {blank}\\[(linux-any|amd64 i386|!hurd-any)\\])?( <(!nocheck|a b)>){{0,2}}"
    );
    let group = format!("{relation}({blank}\\|{blank}{relation}){{0,2}}");
    let strategy = prop::string::string_regex(&group).expect("the expression is valid");
    let groups = samples(&strategy, 500);
    let program = "use Dpkg::Deps; while (<STDIN>) { chomp; my $deps = deps_parse($_, build_dep => 1); \
                   print defined $deps ? $deps->output() : q(-), qq(\\n) }";
    let answers = perl(program, &(groups.join("\n") + "\n"));
    assert_eq!(answers.len(), groups.len());
    let mut relations = Vec::new();
    for (group, answer) in groups.iter().zip(&answers) {
        assert_eq!(parse_group(group, &mut relations), Ok(()));
        let shown: Vec<_> = relations.iter().map(ToString::to_string).collect();
        assert_eq!(&shown.join(" | "), answer, "{group}");
    }
}
