-- Wishes that a job run, appended by whoever makes its work.
-- kept: bound, until a worker claims the key
CREATE TABLE platform_wake_request (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    key TEXT NOT NULL,
    at INTEGER NOT NULL,
    priority TEXT NOT NULL CHECK (priority IN ('normal', 'urgent')),
    cause TEXT NOT NULL
) STRICT;
CREATE INDEX platform_wake_request_lane ON platform_wake_request (job, priority, at, key);
CREATE INDEX platform_wake_request_key ON platform_wake_request (job, key, at);

-- What runs, what is to run again, and what waits after a failure.
-- kept: bound, until the run ends well
CREATE TABLE platform_wake (
    job TEXT NOT NULL,
    key TEXT NOT NULL,
    -- the earliest wish that no run has met yet
    at INTEGER,
    priority TEXT NOT NULL CHECK (priority IN ('normal', 'urgent')),
    -- causes with blanks between
    woken_by TEXT NOT NULL,
    not_before INTEGER,
    due INTEGER GENERATED ALWAYS AS (CASE WHEN not_before > at THEN not_before ELSE at END) STORED,
    lease_owner TEXT,
    lease_until INTEGER,
    fence INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    last_error TEXT,
    failing_since INTEGER,
    waits_for TEXT,
    PRIMARY KEY (job, key)
) STRICT;
CREATE INDEX platform_wake_lane ON platform_wake (job, priority, due, key) WHERE lease_owner IS NULL;
CREATE INDEX platform_wake_leased ON platform_wake (lease_owner) WHERE lease_owner IS NOT NULL;

-- What ran.
-- kept: retention.runs
CREATE TABLE platform_run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    job TEXT NOT NULL,
    key TEXT NOT NULL,
    worker TEXT NOT NULL,
    started INTEGER NOT NULL,
    ended INTEGER NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'again', 'wait', 'failed')),
    error TEXT,
    woken_by TEXT NOT NULL
) STRICT;
CREATE INDEX platform_run_of_key ON platform_run (job, key, id);
CREATE INDEX platform_run_by_time ON platform_run (ended);

-- Jobs, or keys of jobs as job/key, that shall not run for now.
-- kept: bound, until somebody resumes
CREATE TABLE platform_pause (
    scope TEXT PRIMARY KEY,
    by TEXT NOT NULL,
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- Processes.
-- kept: bound, one row for each process, a day after it was last seen
CREATE TABLE platform_worker (
    uuid TEXT PRIMARY KEY,
    host TEXT NOT NULL,
    pid INTEGER NOT NULL,
    roles TEXT NOT NULL,
    version TEXT NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX platform_worker_by_time ON platform_worker (seen_at);
