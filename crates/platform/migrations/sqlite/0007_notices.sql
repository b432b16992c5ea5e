-- What somebody is to be told, a line each, until it is folded into a mail and for a while after that.
-- kept: retention.sent, from the mail on
CREATE TABLE platform_notice (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT NOT NULL,
    group_key TEXT NOT NULL,
    line_key TEXT NOT NULL,
    title TEXT NOT NULL,
    line TEXT NOT NULL,
    window_end INTEGER NOT NULL,
    at INTEGER NOT NULL,
    -- the mark of the mail that it went with, and when that was written
    sent_in TEXT,
    sent_at INTEGER
) STRICT;
CREATE UNIQUE INDEX platform_notice_open ON platform_notice (recipient, group_key, line_key) WHERE sent_in IS NULL;
CREATE INDEX platform_notice_sent ON platform_notice (recipient, sent_at) WHERE sent_in IS NOT NULL;
CREATE INDEX platform_notice_by_time ON platform_notice (sent_at, id) WHERE sent_in IS NOT NULL;
