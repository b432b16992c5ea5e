//! Tells people that a receiver is gone, or does not take something.

use tidegate_kernel::{
    Action, Actor, Blocker, BlockerCode as _, LookAgain, Message, Severity, Subject, SubjectKind, Timestamp, Who,
    WhoKind,
};

use super::RELAY;
use super::round::Aside;
use super::store::{self, SinkRow};
use crate::blockers::{NAMED, PlatformCode, SetAside};
use crate::events;
use crate::store::{Result, Tx};
use crate::wake::shortened;

const SET_ASIDE: &str = "platform.message.set_aside";

/// That a row was given up. That a row of that very announcement was given up is not announced again: it would have no end.
pub(super) fn tell_aside(tx: &mut Tx, name: &str, aside: &Aside) -> Result<()> {
    tracing::warn!(sink = name, id = %aside.id, title = aside.title, error = aside.error, "a row was set aside");
    if aside.title == SET_ASIDE {
        return Ok(());
    }
    let message = about(tx, name, SET_ASIDE)?
        .with_severity(Severity::Error)
        .with("message_id", aside.id.to_string())
        .with("topic", aside.title.clone())
        .with("attempts", aside.attempts)
        .with("error", shortened(&aside.error));
    tx.publish(message).map(drop)
}

/// That a receiver is called down, or is back.
pub(super) async fn tell_change(tx: &mut Tx, name: &str, before: &SinkRow, after: &SinkRow) -> Result<()> {
    let is_down = after.is_down();
    let (topic, severity) =
        if is_down { ("platform.sink.down", Severity::Error) } else { ("platform.sink.up", Severity::Info) };
    let since = if is_down { after.since } else { before.since };
    let since = Timestamp::from_microseconds(since).unwrap_or(tx.now());
    let pending = store::pending(tx, name).await?;
    let message = about(tx, name, topic)?
        .with_severity(severity)
        .with("since", since.to_string())
        .with("pending", pending)
        .with("error", after.error.clone().or_else(|| before.error.clone()));
    tx.publish(message).map(drop)
}

/// Shows what is wrong with a receiver now.
pub(super) async fn set_blockers(tx: &mut Tx, name: &str) -> Result<()> {
    let subject = &Subject::new(SubjectKind::Item, format!("tidegate-sink/{name}"));
    let down = store::sink(tx, name).await?.filter(SinkRow::is_down).map(|row| unreachable(name, subject, &row));
    let refused = refused(name, subject, store::set_aside(tx, name, NAMED).await?);
    let blockers: Vec<_> = down.into_iter().chain(refused).collect();
    tx.set_blockers(subject, PlatformCode::GATE, &blockers).await.map(drop)
}

fn unreachable(name: &str, subject: &Subject, row: &SinkRow) -> Blocker {
    let code = match name {
        "amqp" => PlatformCode::BusUnreachable,
        "mail" => PlatformCode::MailUnreachable,
        _ => PlatformCode::HookUnreachable,
    };
    let error = row.error.as_deref().unwrap_or("it does not answer");
    let who = Who::new(WhoKind::Role, "platform.operator", "bring it back; all that waits goes out then");
    let again = LookAgain::on("platform.sink.up").or_on(RELAY.as_str());
    Blocker::new(code, subject.clone(), format!("{name} cannot be reached: {error}"), who, again)
        .with_action(Action::command("Try now", format!("tidegate jobs run {} {name}", RELAY.as_str())))
        .with_detail("sink", name)
        .with_detail("error", error)
}

fn refused(name: &str, subject: &Subject, aside: SetAside) -> Option<Blocker> {
    let can = "mend what the error names and send them again, or drop them";
    let blocker = aside.blocker(subject, &format!("refused by {name}"), can, RELAY)?;
    let see = format!("tidegate messages list --sink {name} --state set_aside");
    Some(blocker.with_action(Action::command("See them", see)).with_detail("sink", name))
}

fn about(tx: &Tx, name: &str, topic: &'static str) -> Result<Message> {
    Ok(events::about(tx, topic, name, Actor::job(RELAY.as_str()))?.with("sink", name))
}
