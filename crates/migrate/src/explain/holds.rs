//! Excuses as blockers: each hold with what shows it, who can act, when it is looked at again, and what can be done.

use tidegate_kernel::{
    Action, Blocker, Evidence, EvidenceKind, LookAgain, Subject, SubjectKind, Timestamp, Who, WhoKind,
};

use super::explanation::{Breakage, Element, Explanation, Standing, Why};
use super::sentences::{clause, full_stop, sentence};
use crate::blockers::Code;
use crate::excuses::{Context, Excuse, Excuses, Hold};
use crate::hint::{Hint, HintKind};
use crate::model::{NameId, Scope, SuiteId, Verdict};
use crate::rules::PolicyName;

/// The role that may give hints.
const HINTER: &str = "migrate.hinter";

/// The blockers of every excuse, in listing order. `explanations` are those of the candidates that stayed, by uvname.
pub fn blockers<'e>(
    context: Context<'_>,
    excuses: &Excuses,
    explanations: impl IntoIterator<Item = &'e Explanation>,
) -> Vec<Blocker> {
    let mut all: Vec<Blocker> = excuses.values().flat_map(|excuse| blockers_of(context, excuse)).collect();
    for explanation in explanations {
        all.extend(excuses.get(&explanation.item).map(|excuse| blocker_of(context, excuse, explanation)));
    }
    all.sort_by(Blocker::listing_order);
    all
}

/// The blockers of one excuse: what holds it, and notes. A forced excuse is held by nothing.
pub fn blockers_of(context: Context<'_>, excuse: &Excuse) -> Vec<Blocker> {
    let writer = Writer::new(context, excuse);
    let holds = excuse.holds.iter().filter(|hold| hold.verdict.is_rejected());
    let mut all: Vec<Blocker> = holds.map(|hold| writer.hold(hold)).collect();
    for (&arch, relations) in &excuse.unsatisfiable {
        let arch = context.distribution.arch_name(arch);
        all.extend(relations.iter().map(|relation| writer.unsatisfiable(arch, relation)));
    }
    all
}

/// The blocker of a valid candidate that did not move.
pub fn blocker_of(context: Context<'_>, excuse: &Excuse, explanation: &Explanation) -> Blocker {
    Writer::new(context, excuse).stayed(explanation)
}

/// Writes the blockers of one excuse.
struct Writer<'a> {
    context: Context<'a>,
    excuse: &'a Excuse,
    uvname: String,
    version: &'a str,
}

impl<'a> Writer<'a> {
    fn new(context: Context<'a>, excuse: &'a Excuse) -> Self {
        let distribution = context.distribution;
        let version = distribution.text(excuse.item.version);
        Self { context, excuse, uvname: distribution.uvname(&excuse.item), version }
    }

    fn blocker(&self, code: Code, text: &str, who: Who, look_again: LookAgain) -> Blocker {
        Blocker::new(code, Subject::new(SubjectKind::Item, self.uvname.clone()), text, who, look_again)
    }

    fn hold(&self, hold: &Hold) -> Blocker {
        let (who, look_again) = self.who_and_when(hold);
        let blocker = self
            .blocker(hold.code, &full_stop(&hold.text), who, look_again)
            .with_discriminator(&hold.about)
            .with_detail("verdict", hold.verdict.as_str())
            .with_detail("about", hold.about.as_str());
        self.with_hints(hold, self.with_evidence(hold, blocker))
    }

    /// Who can act on a hold, and what has it looked at again.
    fn who_and_when(&self, hold: &Hold) -> (Who, LookAgain) {
        let name = self.excuse.item.name;
        match hold.code {
            Code::Age => {
                let at = hold.until.and_then(Timestamp::from_seconds);
                let look_again = LookAgain::on("migrate.hint.changed");
                let look_again = at.map_or_else(|| LookAgain::on("migrate.decide"), |at| look_again.or_at(at));
                (Who::nobody("time: it comes of age by itself"), look_again)
            }
            Code::Bugs => {
                let who = self.source(name, "close the bugs, or correct the versions that they are recorded for");
                (who, LookAgain::on("migrate.facts").or_on("migrate.load").or_on("migrate.hint.changed"))
            }
            Code::Piuparts => {
                let who = match hold.verdict {
                    Verdict::RejectedTemporarily => Who::nobody("piuparts: it has yet to test the version"),
                    _ => self.source(name, "mend what piuparts found and upload again"),
                };
                (who, LookAgain::on("migrate.facts").or_on("migrate.hint.changed"))
            }
            Code::TestsRunning => (
                Who::nobody("the tests: they have yet to end"),
                LookAgain::on("migrate.test.completed").or_on("migrate.load"),
            ),
            Code::TestsRegression => {
                let look_again = LookAgain::on("migrate.test.completed").or_on("migrate.hint.changed");
                (self.source(name, "mend what fails, here or in what is tested, or ask for another run"), look_again)
            }
            Code::Block | Code::NeedsApproval | Code::HintRemove => {
                let can = match hold.code {
                    Code::NeedsApproval => "approve it",
                    Code::HintRemove => "withdraw the hint, or let the removal through",
                    _ => "unblock it",
                };
                (Who::new(WhoKind::Role, HINTER, can), LookAgain::on("migrate.hint.changed"))
            }
            Code::MissingBuild => {
                let can = "make it build there, or have its old binaries removed there";
                (self.source(name, can), reload())
            }
            Code::DependsOnInvalid => {
                let other = hold.about.split(' ').next_back().unwrap_or_default();
                let (source, _) = other.strip_prefix('-').unwrap_or(other).split_once('/').unwrap_or((other, ""));
                let source = self.context.distribution.find_name(source).unwrap_or(name);
                (self.source(source, "let it migrate first"), LookAgain::on("migrate.excuse.changed"))
            }
            Code::PolicyBlockBugs => {
                let can = "settle the bug, or mark it as one that does not block";
                (self.source(name, can), LookAgain::on("migrate.facts"))
            }
            Code::PolicyBuiltOnBuildd => {
                let can = "have it built by a build daemon";
                (
                    self.source(name, can),
                    LookAgain::on("migrate.facts").or_on("migrate.load").or_on("migrate.hint.changed"),
                )
            }
            Code::PolicyLinux => {
                let meta = self.context.distribution.find_name(&hold.about).unwrap_or(name);
                (self.source(meta, "upload the version that belongs to this kernel"), reload())
            }
            Code::OldBinaries => (
                self.source(name, "have the old binaries removed from the source suite"),
                LookAgain::on("migrate.load"),
            ),
            Code::WrongSource
            | Code::Downgrade
            | Code::BuildDepends
            | Code::BuiltUsing
            | Code::NewerInTarget
            | Code::NoBinaries
            | Code::Unsatisfiable
            | Code::PolicyDepends
            | Code::PolicyImplicitDeps
            | Code::Uninstallable
            | Code::TrialOrder => (self.source(name, "upload a version that does not have the problem"), reload()),
        }
    }

    /// Those who keep a source, with their address where an index has it.
    fn source(&self, name: NameId, can: &str) -> Who {
        let distribution = self.context.distribution;
        let suites = [self.excuse.item.suite, SuiteId::PRIMARY, SuiteId::TARGET];
        let source = suites.into_iter().find_map(|suite| distribution.source(suite, name));
        let who = Who::new(WhoKind::Source, distribution.name(name), can);
        let maintainer = source.map_or("", |source| distribution.text(source.maintainer));
        match address(maintainer) {
            Some(mail) => who.with_mail(mail),
            None => who,
        }
    }

    /// What shows a hold.
    fn with_evidence(&self, hold: &Hold, blocker: Blocker) -> Blocker {
        let rules = self.context.rules;
        let name = self.context.distribution.name(self.excuse.item.name);
        match hold.code {
            Code::Age => {
                let days = self.excuse.age.unwrap_or_default();
                let blocker = blocker.with_evidence(Evidence::new(EvidenceKind::Number, "age", format!("{days} days")));
                match hold.until {
                    Some(until) => blocker.with_detail("until", until),
                    None => blocker,
                }
            }
            Code::Bugs => self.new_bugs().into_iter().fold(blocker, |blocker, bug| {
                let evidence = Evidence::new(EvidenceKind::Url, format!("#{bug}"), "release-critical bug");
                blocker.with_evidence(evidence.with_url(rules.urls.bug.replace("{bug}", &bug)))
            }),
            Code::PolicyBlockBugs => {
                let evidence = Evidence::new(EvidenceKind::Url, format!("#{}", hold.about), "bug that blocks");
                blocker.with_evidence(evidence.with_url(rules.urls.bug.replace("{bug}", &hold.about)))
            }
            Code::MissingBuild => {
                let url = rules.urls.build.replace("{source}", name).replace("{version}", self.version);
                let evidence = Evidence::new(EvidenceKind::Package, format!("{name}/{}", self.version), &hold.about);
                blocker.with_evidence(evidence.with_url(url.replace("{arch}", &hold.about)))
            }
            Code::TestsRegression => self.failures(&hold.about).into_iter().fold(blocker, |blocker, (arch, log)| {
                let evidence = Evidence::new(EvidenceKind::Url, format!("{}/{arch}", hold.about), "failed test");
                blocker.with_evidence(evidence.with_url(log))
            }),
            Code::Block | Code::HintRemove => self.hints(hold).into_iter().fold(blocker, |blocker, hint| {
                let place = format!("{}:{}", hint.file, hint.line);
                blocker.with_evidence(Evidence::new(EvidenceKind::File, place, &hint.text))
            }),
            Code::Piuparts
            | Code::TestsRunning
            | Code::NeedsApproval
            | Code::DependsOnInvalid
            | Code::OldBinaries
            | Code::WrongSource
            | Code::Downgrade
            | Code::BuildDepends
            | Code::BuiltUsing
            | Code::NewerInTarget
            | Code::NoBinaries
            | Code::Unsatisfiable
            | Code::PolicyDepends
            | Code::PolicyImplicitDeps
            | Code::PolicyBuiltOnBuildd
            | Code::PolicyLinux
            | Code::Uninstallable
            | Code::TrialOrder => blocker,
        }
    }

    /// The bugs that the target does not have, as the policy found them.
    fn new_bugs(&self) -> Vec<String> {
        let result = self.excuse.policies.iter().find(|result| result.policy == PolicyName::RcBugs);
        let bugs = result.and_then(|result| result.info.get("unique-source-bugs")?.as_array());
        bugs.into_iter().flatten().filter_map(|bug| bug.as_str().map(str::to_owned)).collect()
    }

    /// Architectures on which tests of a source regressed, with their logs.
    fn failures(&self, tested: &str) -> Vec<(String, String)> {
        let result = self.excuse.policies.iter().find(|result| result.policy == PolicyName::Autopkgtest);
        let of_source = |key: &str| key.split_once('/').map_or(key, |(source, _)| source) == tested;
        let info = result.and_then(|result| result.info.iter().find(|(key, _)| of_source(key)));
        let archs = info.and_then(|(_, archs)| archs.as_object());
        let failed = archs.into_iter().flatten().filter(|(_, test)| test.get(0).is_some_and(|it| it == "REGRESSION"));
        failed.filter_map(|(arch, test)| Some((arch.clone(), test.get(1)?.as_str()?.to_owned()))).collect()
    }

    /// The hints that a hold speaks of.
    fn hints(&self, hold: &Hold) -> Vec<&'a Hint> {
        let given = |hint: &&Hint| {
            self.excuse.hints.iter().any(|(kind, user)| *kind == hint.kind.as_str() && *user == hint.user)
        };
        let name = self.context.distribution.name(self.excuse.item.name);
        let kinds: &[HintKind] = match hold.code {
            Code::HintRemove => &[HintKind::Remove],
            _ => &[HintKind::Block, HintKind::BlockUdeb],
        };
        let mut found: Vec<&Hint> =
            kinds.iter().flat_map(|&kind| self.context.hints.find(kind, name)).filter(given).collect();
        if hold.code == Code::Block && hold.about == HintKind::BlockAll.as_str() {
            found = self.context.hints.of_kind(HintKind::BlockAll).filter(given).collect();
        }
        found
    }

    /// What release managers could do, each to be tried by a what-if first.
    fn with_hints(&self, hold: &Hold, blocker: Blocker) -> Blocker {
        let item = format!("{}/{}", self.uvname, self.version);
        let hint =
            |title: &str, line: String| Action::command(title, format!("tidegate migrate what-if --hint '{line}'"));
        let hinter = |can: &str| Who::new(WhoKind::Role, HINTER, can);
        match hold.code {
            Code::Age => {
                let days = hold.until.map_or(1, |until| (until - self.context.rules.now + 86_399) / 86_400).max(1);
                blocker
                    .with_who(hinter("shorten the wait"))
                    .with_action(Action::command(
                        "See what time changes",
                        format!("tidegate migrate what-if --days +{days}"),
                    ))
                    .with_action(hint("Try without the wait", format!("age-days 0 {item}")))
            }
            Code::Bugs => blocker
                .with_who(hinter("let it pass with the bugs"))
                .with_action(hint("Try with the bugs", format!("ignore-rc-bugs {} {item}", self.new_bugs().join(",")))),
            Code::Piuparts => blocker
                .with_who(hinter("let it pass without the test"))
                .with_action(hint("Try without the test", format!("ignore-piuparts {item}"))),
            Code::TestsRunning | Code::TestsRegression => blocker
                .with_who(hinter("let it pass without the tests"))
                .with_action(hint("Try without the tests", format!("force-skiptest {item}"))),
            Code::Block if hold.about == HintKind::BlockUdeb.as_str() => {
                blocker.with_action(hint("Try unblocked", format!("unblock-udeb {item}")))
            }
            Code::Block if self.excuse.item.scope == Scope::Removal => blocker,
            Code::Block => blocker.with_action(hint("Try unblocked", format!("unblock {item}"))),
            Code::PolicyBuiltOnBuildd if hold.about.starts_with("all ") => {
                let name = self.context.distribution.name(self.excuse.item.name);
                blocker
                    .with_who(hinter("let it pass as it was built"))
                    .with_action(hint("Try as it was built", format!("allow-archall-maintainer-upload {name}")))
            }
            Code::NeedsApproval => blocker.with_action(hint("Try approved", format!("unblock {item}"))),
            Code::DependsOnInvalid => {
                let other = hold.about.split(' ').next_back().unwrap_or_default();
                let explain = Action::command("See what it waits for", format!("tidegate migrate explain {other}"));
                blocker.with_action(explain)
            }
            Code::MissingBuild
            | Code::OldBinaries
            | Code::WrongSource
            | Code::Downgrade
            | Code::BuildDepends
            | Code::BuiltUsing
            | Code::HintRemove
            | Code::NewerInTarget
            | Code::NoBinaries
            | Code::Unsatisfiable
            | Code::PolicyDepends
            | Code::PolicyImplicitDeps
            | Code::PolicyBuiltOnBuildd
            | Code::PolicyBlockBugs
            | Code::PolicyLinux
            | Code::Uninstallable
            | Code::TrialOrder => blocker,
        }
    }

    fn unsatisfiable(&self, arch: &str, relation: &str) -> Blocker {
        let who = self.source(self.excuse.item.name, "drop the relation, or see to what satisfies it");
        self.blocker(Code::Unsatisfiable, &format!("Nothing satisfies `{relation}` on {arch}."), who, reload())
            .with_discriminator(&format!("{arch} {relation}"))
            .with_evidence(Evidence::new(EvidenceKind::Package, self.uvname.clone(), relation))
            .with_detail("architecture", arch)
            .with_detail("relation", relation)
    }

    fn stayed(&self, explanation: &Explanation) -> Blocker {
        let code = explanation.code();
        let text = sentence(&explanation.summary());
        let look_again = LookAgain::on("migrate.item.migrated").or_on("migrate.load").or_on("migrate.hint.changed");
        let blocker = match &explanation.why {
            Why::TrialOrder => {
                self.blocker(code, &text, Who::nobody("the next run tries it again"), LookAgain::on("migrate.decide"))
            }
            Why::Impossible { .. } => {
                let who = self.source(self.excuse.item.name, "upload a version that is higher than the target's");
                self.blocker(code, &text, who, reload())
            }
            Why::Breaks(breakage) => {
                let blocker = self.blocker(code, &text, self.mender(breakage), look_again);
                Self::breaks(blocker, explanation, breakage)
            }
        };
        let explain = format!("tidegate migrate explain {}", self.uvname);
        blocker.with_action(Action::command("See the whole explanation", explain))
    }

    /// Who can mend a break: those who keep what would mend it, else those who keep what breaks.
    fn mender(&self, breakage: &Breakage) -> Who {
        let distribution = self.context.distribution;
        for remedy in breakage.remedies.iter().filter(|remedy| remedy.mends) {
            if let Standing::Invalid { cause, text, .. } = &remedy.standing {
                let source = cause.strip_prefix('-').unwrap_or(cause);
                let source = distribution.find_name(source.split('/').next().unwrap_or(source));
                if let Some(source) = source {
                    return self.source(source, &format!("end what {} waits for: {}", remedy.item, clause(text)));
                }
            }
        }
        let source = distribution.find_name(&breakage.source).unwrap_or(self.excuse.item.name);
        self.source(source, "upload a version that can be installed with it")
    }

    fn breaks(blocker: Blocker, explanation: &Explanation, breakage: &Breakage) -> Blocker {
        let mut blocker = blocker
            .with_who(Who::new(WhoKind::Role, HINTER, "move both together, remove what breaks, or accept the break"))
            .with_detail("architecture", breakage.architecture.as_str())
            .with_detail("breaks", breakage.names.clone());
        for element in breakage.core.iter().flatten() {
            let package = match element {
                Element::Root { package }
                | Element::Essential { package }
                | Element::Needs { package, .. }
                | Element::Conflict { package, .. } => package,
            };
            let text = element.sentence().unwrap_or_else(|| "It cannot be installed.".to_owned());
            blocker = blocker.with_evidence(Evidence::new(EvidenceKind::Package, package.to_string(), text));
        }
        for hint in breakage.remedies.iter().filter_map(|remedy| explanation.hint(remedy)) {
            let command = format!("tidegate migrate what-if --hint '{hint}'");
            blocker = blocker.with_action(Action::command("Try all together", command));
        }
        blocker
    }
}

/// When the indices are read again.
fn reload() -> LookAgain {
    LookAgain::on("migrate.load")
}

/// The address in `Name <address>`.
fn address(maintainer: &str) -> Option<&str> {
    let (_, rest) = maintainer.rsplit_once('<')?;
    rest.strip_suffix('>').filter(|address| !address.is_empty())
}
