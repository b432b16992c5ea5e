//! What holds up the program itself: gates that are off, and a store that takes no writes.
//!
//! The latter cannot be stored while it holds. It is shown from what this process knows, and the first transaction that is
//! committed again writes it into the history.

use tidegate_kernel::{Action, Blocker, BlockerCode as _, LookAgain, Subject, SubjectKind, Timestamp, Who, WhoKind};

use super::{Kept, PlatformCode, Row, store};
use crate::digest::index_text;
use crate::store::{Db, Result, Trouble, Troubled, Tx, in_tx};

/// After so long some write is tried, whoever asks for nothing: the worker says that it is there.
const WRITES_EVERY: std::time::Duration = std::time::Duration::from_secs(60);

/// Shows which gates are off, each by its name and whether it is on.
///
/// # Errors
///
/// The store is away.
pub async fn say_gates(db: &Db, gates: &[(&str, bool)]) -> Result<()> {
    db.write("platform.gates", |tx| {
        in_tx(async move {
            for (gate, is_on) in gates {
                let subject = &Subject::new(SubjectKind::Item, format!("tidegate-gate/{gate}"));
                let off = (!is_on).then(|| gate_off(gate, subject));
                tx.set_blockers(subject, PlatformCode::GATE, off.as_slice()).await?;
            }
            Ok(())
        })
    })
    .await
}

fn gate_off(gate: &str, subject: &Subject) -> Blocker {
    let who =
        Who::new(WhoKind::Role, "platform.admin", format!("set {gate}.enabled = true and start the service again"));
    let text = format!("The gate {gate} is switched off; its wake-ups are kept.");
    Blocker::new(PlatformCode::GateOff, subject.clone(), text, who, LookAgain::on("platform.start"))
        .with_detail("gate", gate)
        .with_detail("key", format!("{gate}.enabled"))
}

/// What keeps the store of this process from being written to, if something does.
pub fn of_store(db: &Db) -> Option<Kept> {
    let troubled = db.trouble()?;
    let blocker = in_trouble(&troubled, db.now()).with_since(troubled.since);
    Some(Kept { blocker, gate: PlatformCode::GATE.to_owned(), until: None, place: 0 })
}

fn in_trouble(troubled: &Troubled, now: Timestamp) -> Blocker {
    let (code, text, can) = match troubled.what {
        Trouble::Full => (
            PlatformCode::DiskFull,
            "The disk of the store takes no more: reading goes on, writing does not.",
            "make room on the disk of the store",
        ),
        Trouble::ReadOnly => (
            PlatformCode::StoreReadOnly,
            "The store takes no writes: reading goes on, writing does not.",
            "let the store be written to, or connect to the server that takes writes",
        ),
    };
    let subject = Subject::new(SubjectKind::Item, "tidegate-store");
    let who = Who::new(WhoKind::Role, "platform.operator", can);
    let again = LookAgain::at(now.later(WRITES_EVERY));
    Blocker::new(code, subject, text, who, again)
        .with_action(Action::command("See how the service is", "tidegate jobs list"))
        .with_detail("error", troubled.error.as_str())
}

impl Tx {
    /// Writes into the history that the store took no writes until now.
    pub(crate) async fn keep_trouble(&mut self, troubled: &Troubled) -> Result<()> {
        let now = self.now();
        let blocker = in_trouble(troubled, now);
        let id = blocker.id().to_string();
        let row = Row {
            id: id.clone(),
            gate: PlatformCode::GATE,
            code: blocker.code(),
            subject: index_text(&blocker.subject().to_string()),
            level: blocker.level().name(),
            text: blocker.text(),
            place: 0,
            blocker: super::without_since(&blocker).to_string(),
            since: troubled.since.as_microseconds(),
        };
        store::begin_or_change(self, &[row]).await?;
        store::end(self, &[id]).await
    }
}
