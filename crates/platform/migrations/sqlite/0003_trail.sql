-- Why subjects stand still, and stood still.
-- kept: retention.blockers, from their end on
CREATE TABLE platform_blocker (
    id TEXT NOT NULL,
    gate TEXT NOT NULL,
    code TEXT NOT NULL,
    subject TEXT NOT NULL,
    level TEXT NOT NULL CHECK (level IN ('hold', 'note')),
    text TEXT NOT NULL,
    -- its place in the gate's order
    place INTEGER NOT NULL,
    -- all of it, as it is shown
    blocker TEXT NOT NULL CHECK (json_valid(blocker)),
    since INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (id, since)
) STRICT;
CREATE UNIQUE INDEX platform_blocker_open ON platform_blocker (id) WHERE until IS NULL;
CREATE INDEX platform_blocker_of_subject ON platform_blocker (subject, gate) WHERE until IS NULL;
CREATE INDEX platform_blocker_listed ON platform_blocker (gate, code, since, id) WHERE until IS NULL;
CREATE INDEX platform_blocker_history ON platform_blocker (subject, since);
CREATE INDEX platform_blocker_by_end ON platform_blocker (until, id) WHERE until IS NOT NULL;

-- Where a change went.
-- kept: forever, bounded by what passes the pipeline
CREATE TABLE platform_trail_link (
    from_subject TEXT NOT NULL,
    to_subject TEXT NOT NULL,
    relation TEXT NOT NULL,
    gate TEXT NOT NULL,
    at INTEGER NOT NULL,
    evidence TEXT NOT NULL CHECK (json_valid(evidence)),
    PRIMARY KEY (from_subject, to_subject, relation)
) STRICT;
CREATE INDEX platform_trail_link_back ON platform_trail_link (to_subject, from_subject);

-- What gates did with a subject.
-- kept: forever, bounded by what passes the pipeline
CREATE TABLE platform_trail_step (
    subject TEXT NOT NULL,
    gate TEXT NOT NULL,
    step TEXT NOT NULL,
    at INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('passed', 'failed', 'waiting', 'skipped', 'info')),
    text TEXT NOT NULL,
    url TEXT,
    message_id TEXT,
    PRIMARY KEY (subject, gate, step, at)
) STRICT;

-- Who changed what, and why.
-- kept: retention.writes
CREATE TABLE platform_write (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (json_valid(actor)),
    token TEXT,
    via TEXT NOT NULL CHECK (via IN ('api', 'page', 'cli', 'git', 'comment', 'hook', 'bus', 'job')),
    permission TEXT NOT NULL,
    object TEXT NOT NULL,
    reason TEXT,
    change TEXT NOT NULL CHECK (json_valid(change)),
    request_id TEXT NOT NULL,
    message_ids TEXT NOT NULL CHECK (json_valid(message_ids))
) STRICT;
CREATE INDEX platform_write_by_time ON platform_write (at);
CREATE INDEX platform_write_of_object ON platform_write (object, id);
