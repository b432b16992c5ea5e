-- Announcements and deeds, appended in the transaction of the state that they tell of and never changed. A number is
-- never given twice, so that a reader who stopped at one goes on behind it.
-- kept: retention.sent, behind the positions of all sinks
CREATE TABLE platform_outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('message', 'act')),
    sink TEXT,
    mark TEXT,
    topic TEXT,
    key TEXT NOT NULL,
    -- when the state changed, as the gate says
    at INTEGER NOT NULL,
    -- when this row was written
    written INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (json_valid(actor)),
    version INTEGER NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('debug', 'info', 'warning', 'error')),
    cause TEXT,
    subjects TEXT NOT NULL CHECK (json_valid(subjects)),
    body TEXT NOT NULL CHECK (json_valid(body)),
    CHECK ((kind = 'act') = (sink IS NOT NULL)),
    CHECK ((kind = 'message') = (topic IS NOT NULL))
) STRICT;
CREATE INDEX platform_outbox_of_sink ON platform_outbox (sink, seq) WHERE sink IS NOT NULL;
CREATE INDEX platform_outbox_by_time ON platform_outbox (written);

-- With one writer the order of the commits is that of the numbers.
CREATE VIEW platform_feed AS SELECT seq AS no, seq, sink FROM platform_outbox;

-- How far each receiver is in the feed.
-- kept: bound, one row for each configured receiver
CREATE TABLE platform_sink (
    name TEXT PRIMARY KEY,
    takes TEXT NOT NULL CHECK (takes IN ('messages', 'acts')),
    position INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('up', 'down')),
    since INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    error TEXT
) STRICT;

-- What did not go through at once.
-- kept: with its row of the outbox
CREATE TABLE platform_delivery (
    sink TEXT NOT NULL,
    no INTEGER NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'parked', 'set_aside', 'dropped')),
    attempts INTEGER NOT NULL,
    next_at INTEGER,
    error TEXT,
    PRIMARY KEY (sink, no)
) STRICT;
CREATE INDEX platform_delivery_by_state ON platform_delivery (sink, state, next_at);
CREATE INDEX platform_delivery_by_number ON platform_delivery (no);
CREATE INDEX platform_delivery_by_key ON platform_delivery (sink, key, no);

-- What came from outside, so that it has its effect once.
-- kept: retention.inbox
CREATE TABLE platform_inbox (
    consumer TEXT NOT NULL,
    message_id TEXT NOT NULL,
    topic TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'done', 'set_aside')),
    payload TEXT CHECK (json_valid(payload)),
    attempts INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (consumer, message_id)
) STRICT;
CREATE INDEX platform_inbox_open ON platform_inbox (consumer, state, received_at, message_id);
CREATE INDEX platform_inbox_by_time ON platform_inbox (received_at);
