-- Announcements and deeds, appended in the transaction of the state that they tell of and never changed. The number says
-- nothing about the order of commits across keys: that is the feed's.
-- kept: retention.sent, behind the positions of all sinks
CREATE TABLE platform_outbox (
    seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id TEXT COLLATE "C" NOT NULL UNIQUE,
    kind TEXT COLLATE "C" NOT NULL CHECK (kind IN ('message', 'act')),
    sink TEXT COLLATE "C",
    mark TEXT COLLATE "C",
    topic TEXT COLLATE "C",
    key TEXT COLLATE "C" NOT NULL,
    -- when the state changed, as the gate says
    at BIGINT NOT NULL,
    -- when this row was written
    written BIGINT NOT NULL,
    actor JSONB NOT NULL,
    version BIGINT NOT NULL,
    severity TEXT COLLATE "C" NOT NULL CHECK (severity IN ('debug', 'info', 'warning', 'error')),
    cause TEXT COLLATE "C",
    subjects JSONB NOT NULL,
    body JSONB NOT NULL,
    -- the transaction that wrote it, by which what has no number yet is found
    xid BIGINT NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
    CHECK ((kind = 'act') = (sink IS NOT NULL)),
    CHECK ((kind = 'message') = (topic IS NOT NULL))
);
CREATE INDEX platform_outbox_of_sink ON platform_outbox (sink, seq) WHERE sink IS NOT NULL;
CREATE INDEX platform_outbox_by_time ON platform_outbox (written);
CREATE INDEX platform_outbox_by_xid ON platform_outbox (xid, seq);

-- The outbox in the order in which its rows became visible. One job appends.
-- kept: with its row of the outbox
CREATE TABLE platform_feed (
    no BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    seq BIGINT NOT NULL UNIQUE,
    sink TEXT COLLATE "C"
);
CREATE INDEX platform_feed_of_sink ON platform_feed (sink, no) WHERE sink IS NOT NULL;

-- What was committed when the feed was last appended to, as a snapshot of the server: all of that has its number.
-- kept: bound, one row
CREATE TABLE platform_horizon (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    snapshot TEXT NOT NULL
);
INSERT INTO platform_horizon (id, snapshot) VALUES (1, '1:1:');

-- How far each receiver is in the feed.
-- kept: bound, one row for each configured receiver
CREATE TABLE platform_sink (
    name TEXT COLLATE "C" PRIMARY KEY,
    takes TEXT COLLATE "C" NOT NULL CHECK (takes IN ('messages', 'acts')),
    position BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('up', 'down')),
    since BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    error TEXT COLLATE "C"
);

-- What did not go through at once.
-- kept: with its row of the outbox
CREATE TABLE platform_delivery (
    sink TEXT COLLATE "C" NOT NULL,
    no BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'parked', 'set_aside', 'dropped')),
    attempts BIGINT NOT NULL,
    next_at BIGINT,
    error TEXT COLLATE "C",
    PRIMARY KEY (sink, no)
);
CREATE INDEX platform_delivery_by_state ON platform_delivery (sink, state, next_at);
CREATE INDEX platform_delivery_by_number ON platform_delivery (no);
CREATE INDEX platform_delivery_by_key ON platform_delivery (sink, key, no);

-- What came from outside, so that it has its effect once.
-- kept: retention.inbox
CREATE TABLE platform_inbox (
    consumer TEXT COLLATE "C" NOT NULL,
    message_id TEXT COLLATE "C" NOT NULL,
    topic TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'done', 'set_aside')),
    payload JSONB,
    attempts BIGINT NOT NULL,
    error TEXT COLLATE "C",
    PRIMARY KEY (consumer, message_id)
);
CREATE INDEX platform_inbox_open ON platform_inbox (consumer, state, received_at, message_id);
CREATE INDEX platform_inbox_by_time ON platform_inbox (received_at);
