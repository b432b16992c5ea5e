//! The rules of the platform's own tables.

use std::time::Duration;

use super::{DAY, Rule};
use crate::statements;

statements! {
    /// All of them.
    pub STATEMENTS;

    NEWEST_OUTBOX = "SELECT MAX(written) FROM platform_outbox";
    /// Sent to all, and held by nobody.
    DELETE_OUTBOX = sqlite
        "DELETE FROM platform_outbox WHERE seq IN (
            SELECT o.seq FROM platform_outbox o WHERE o.written < $1
                AND NOT EXISTS (SELECT 1 FROM platform_sink s WHERE s.position < o.seq
                    AND (s.name = o.sink OR (o.sink IS NULL AND s.takes = 'messages')))
                AND NOT EXISTS (SELECT 1 FROM platform_delivery d WHERE d.no = o.seq AND d.state <> 'dropped')
            ORDER BY o.written LIMIT $2)",
        postgres
        "WITH gone AS (DELETE FROM platform_outbox WHERE seq IN (
            SELECT o.seq FROM platform_outbox o JOIN platform_feed f ON f.seq = o.seq WHERE o.written < $1
                AND NOT EXISTS (SELECT 1 FROM platform_sink s WHERE s.position < f.no
                    AND (s.name = o.sink OR (o.sink IS NULL AND s.takes = 'messages')))
                AND NOT EXISTS (SELECT 1 FROM platform_delivery d WHERE d.no = f.no AND d.state <> 'dropped')
            ORDER BY o.written LIMIT $2) RETURNING seq)
         DELETE FROM platform_feed WHERE seq IN (SELECT seq FROM gone)";
    /// What was dropped goes with its row of the feed.
    DELETE_DROPPED = "DELETE FROM platform_delivery WHERE (sink, no) IN (
            SELECT d.sink, d.no FROM platform_delivery d
            WHERE d.state = 'dropped' AND $1 > 0 AND NOT EXISTS (SELECT 1 FROM platform_feed f WHERE f.no = d.no)
            ORDER BY d.sink, d.no LIMIT $2)";
    NEWEST_INBOX = "SELECT MAX(received_at) FROM platform_inbox";
    DELETE_INBOX = "DELETE FROM platform_inbox WHERE (consumer, message_id) IN (
            SELECT consumer, message_id FROM platform_inbox WHERE received_at < $1 AND state = 'done'
            ORDER BY received_at LIMIT $2)";
    NEWEST_RUN = "SELECT MAX(ended) FROM platform_run";
    DELETE_RUN = "DELETE FROM platform_run WHERE id IN (
            SELECT id FROM platform_run WHERE ended < $1 ORDER BY ended LIMIT $2)";
    NEWEST_WORKER = "SELECT MAX(seen_at) FROM platform_worker";
    DELETE_WORKER = "DELETE FROM platform_worker WHERE uuid IN (
            SELECT uuid FROM platform_worker WHERE seen_at < $1 ORDER BY seen_at LIMIT $2)";
    NEWEST_BLOCKER = "SELECT MAX(until) FROM platform_blocker WHERE until IS NOT NULL";
    DELETE_BLOCKER = "DELETE FROM platform_blocker WHERE (id, since) IN (
            SELECT id, since FROM platform_blocker WHERE until < $1 ORDER BY until, id LIMIT $2)";
    NEWEST_WRITE = "SELECT MAX(at) FROM platform_write";
    DELETE_WRITE = "DELETE FROM platform_write WHERE id IN (
            SELECT id FROM platform_write WHERE at < $1 ORDER BY at LIMIT $2)";
}

/// How long what is kept; `None` is for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Messages and deeds that went out.
    pub sent: Option<Duration>,
    /// Ids of what came.
    pub inbox: Option<Duration>,
    /// What ran.
    pub runs: Option<Duration>,
    /// Who changed what.
    pub writes: Option<Duration>,
    /// Blockers that ended.
    pub blockers: Option<Duration>,
}

impl Default for Keep {
    fn default() -> Self {
        let days = |days: u32| Some(DAY * days);
        Self { sent: days(14), inbox: days(30), runs: days(7), writes: days(731), blockers: days(400) }
    }
}

/// The rules of the platform's tables.
pub fn rules(keep: Keep) -> Vec<Rule> {
    let rule = |table, keep, newest, delete| Rule { table, keep, newest, delete };
    vec![
        rule("platform_outbox", keep.sent, NEWEST_OUTBOX, DELETE_OUTBOX),
        rule("platform_delivery", keep.sent, NEWEST_OUTBOX, DELETE_DROPPED),
        crate::notices::rule(keep.sent),
        rule("platform_inbox", keep.inbox, NEWEST_INBOX, DELETE_INBOX),
        rule("platform_run", keep.runs, NEWEST_RUN, DELETE_RUN),
        rule("platform_worker", Some(DAY), NEWEST_WORKER, DELETE_WORKER),
        rule("platform_blocker", keep.blockers, NEWEST_BLOCKER, DELETE_BLOCKER),
        rule("platform_write", keep.writes, NEWEST_WRITE, DELETE_WRITE),
    ]
}
