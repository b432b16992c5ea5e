//! Does installing, upgrading and removing it leave the system clean?

use super::Opinion;
use crate::blockers::Code;
use crate::compat::britney::state::{Piuparts, PiupartsState};
use crate::excuses::{Context, Excuse, Hold};
use crate::hint::HintKind;
use crate::model::Verdict;

pub(super) fn judge(context: Context<'_>, excuse: &Excuse, (target, source): &(Piuparts, Piuparts)) -> Opinion {
    let Context { distribution, .. } = context;
    let mut opinion = Opinion::default();
    let name = distribution.name(excuse.item.name);
    let result = source.get(name);
    let failed_before = target.get(name).is_some_and(|result| result.state == PiupartsState::Failed);
    let state = result.map_or(PiupartsState::Untestable, |result| result.state);
    let url = result.map(|result| result.url.as_str()).filter(|url| !url.is_empty());
    if let Some(url) = url {
        opinion.set("piuparts-test-url", url);
    }
    let see = url.map_or(String::new(), |url| format!("; see {url}"));
    let (word, held) = match state {
        PiupartsState::Passed => ("pass", None),
        PiupartsState::Untestable => ("cannot-be-tested", None),
        PiupartsState::Failed if failed_before => ("failed", None),
        PiupartsState::Failed => {
            let text = format!("Piuparts fails, and did not in the target{see}");
            ("regression", Some((Verdict::RejectedPermanently, text)))
        }
        PiupartsState::Waiting => {
            let text = format!("Piuparts has not tested it yet{see}");
            ("waiting-for-test-results", Some((Verdict::RejectedTemporarily, text)))
        }
    };
    opinion.set("test-results", word);
    let Some((verdict, text)) = held else {
        opinion.notes.push(match state {
            PiupartsState::Passed => format!("Piuparts passes{see}"),
            PiupartsState::Failed => format!("Piuparts fails as it did in the target{see}"),
            PiupartsState::Untestable | PiupartsState::Waiting => format!("Piuparts cannot test it{see}"),
        });
        return opinion;
    };
    let version = distribution.text(excuse.item.version);
    let ignored = context
        .hints_for(HintKind::IgnorePiuparts, excuse.item.name, false)
        .find(|(_, item)| item.version.as_deref() == Some(version));
    if let Some((hint, _)) = ignored {
        opinion.hinted = true;
        opinion.hints.push((hint.kind.as_str(), hint.user.clone()));
        opinion.set("ignored-piuparts", serde_json::json!({"issued-by": hint.user}));
        opinion.notes.push(format!("{text}; {} lets it pass.", hint.user));
    } else {
        opinion.holds.push(Hold {
            code: Code::Piuparts,
            verdict,
            reason: Some("piuparts"),
            about: String::new(),
            text,
            until: None,
        });
    }
    opinion
}
