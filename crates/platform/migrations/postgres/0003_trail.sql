-- Why subjects stand still, and stood still.
-- kept: retention.blockers, from their end on
CREATE TABLE platform_blocker (
    id TEXT COLLATE "C" NOT NULL,
    gate TEXT COLLATE "C" NOT NULL,
    code TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    level TEXT COLLATE "C" NOT NULL CHECK (level IN ('hold', 'note')),
    text TEXT COLLATE "C" NOT NULL,
    -- its place in the gate's order
    place BIGINT NOT NULL,
    -- all of it, as it is shown
    blocker JSONB NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (id, since)
);
CREATE UNIQUE INDEX platform_blocker_open ON platform_blocker (id) WHERE until IS NULL;
CREATE INDEX platform_blocker_of_subject ON platform_blocker (subject, gate) WHERE until IS NULL;
CREATE INDEX platform_blocker_listed ON platform_blocker (gate, code, since, id) WHERE until IS NULL;
CREATE INDEX platform_blocker_history ON platform_blocker (subject, since);
CREATE INDEX platform_blocker_by_end ON platform_blocker (until, id) WHERE until IS NOT NULL;

-- Where a change went.
-- kept: forever, bounded by what passes the pipeline
CREATE TABLE platform_trail_link (
    from_subject TEXT COLLATE "C" NOT NULL,
    to_subject TEXT COLLATE "C" NOT NULL,
    relation TEXT COLLATE "C" NOT NULL,
    gate TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    evidence JSONB NOT NULL,
    PRIMARY KEY (from_subject, to_subject, relation)
);
CREATE INDEX platform_trail_link_back ON platform_trail_link (to_subject, from_subject);

-- What gates did with a subject.
-- kept: forever, bounded by what passes the pipeline
CREATE TABLE platform_trail_step (
    subject TEXT COLLATE "C" NOT NULL,
    gate TEXT COLLATE "C" NOT NULL,
    step TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('passed', 'failed', 'waiting', 'skipped', 'info')),
    text TEXT COLLATE "C" NOT NULL,
    url TEXT COLLATE "C",
    message_id TEXT COLLATE "C",
    PRIMARY KEY (subject, gate, step, at)
);

-- Who changed what, and why.
-- kept: retention.writes
CREATE TABLE platform_write (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at BIGINT NOT NULL,
    actor JSONB NOT NULL,
    token TEXT COLLATE "C",
    via TEXT COLLATE "C" NOT NULL CHECK (via IN ('api', 'page', 'cli', 'git', 'comment', 'hook', 'bus', 'job')),
    permission TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    reason TEXT COLLATE "C",
    change JSONB NOT NULL,
    request_id TEXT COLLATE "C" NOT NULL,
    message_ids JSONB NOT NULL
);
CREATE INDEX platform_write_by_time ON platform_write (at);
CREATE INDEX platform_write_of_object ON platform_write (object, id);
