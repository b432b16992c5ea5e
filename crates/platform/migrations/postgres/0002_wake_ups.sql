-- Wishes that a job run, appended by whoever makes its work.
-- kept: bound, until a worker claims the key
CREATE TABLE platform_wake_request (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    priority TEXT COLLATE "C" NOT NULL CHECK (priority IN ('normal', 'urgent')),
    cause TEXT COLLATE "C" NOT NULL
);
CREATE INDEX platform_wake_request_lane ON platform_wake_request (job, priority, at, key);
CREATE INDEX platform_wake_request_key ON platform_wake_request (job, key, at);

-- Numbers of leases: they grow, whatever happens to the rows.
CREATE SEQUENCE platform_fence;

-- What runs, what is to run again, and what waits after a failure.
-- kept: bound, until the run ends well
CREATE TABLE platform_wake (
    job TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    -- the earliest wish that no run has met yet
    at BIGINT,
    priority TEXT COLLATE "C" NOT NULL CHECK (priority IN ('normal', 'urgent')),
    -- causes with blanks between
    woken_by TEXT COLLATE "C" NOT NULL,
    not_before BIGINT,
    due BIGINT GENERATED ALWAYS AS (CASE WHEN not_before > at THEN not_before ELSE at END) STORED,
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    fence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    last_error TEXT COLLATE "C",
    failing_since BIGINT,
    waits_for TEXT COLLATE "C",
    PRIMARY KEY (job, key)
);
CREATE INDEX platform_wake_lane ON platform_wake (job, priority, due, key) WHERE lease_owner IS NULL;
CREATE INDEX platform_wake_leased ON platform_wake (lease_owner) WHERE lease_owner IS NOT NULL;

-- What ran.
-- kept: retention.runs
CREATE TABLE platform_run (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    worker TEXT COLLATE "C" NOT NULL,
    started BIGINT NOT NULL,
    ended BIGINT NOT NULL,
    outcome TEXT COLLATE "C" NOT NULL CHECK (outcome IN ('done', 'again', 'wait', 'failed')),
    error TEXT COLLATE "C",
    woken_by TEXT COLLATE "C" NOT NULL
);
CREATE INDEX platform_run_of_key ON platform_run (job, key, id);
CREATE INDEX platform_run_by_time ON platform_run (ended);

-- Jobs, or keys of jobs as job/key, that shall not run for now.
-- kept: bound, until somebody resumes
CREATE TABLE platform_pause (
    scope TEXT COLLATE "C" PRIMARY KEY,
    by TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL
);

-- Processes.
-- kept: bound, one row for each process, a day after it was last seen
CREATE TABLE platform_worker (
    uuid TEXT COLLATE "C" PRIMARY KEY,
    host TEXT COLLATE "C" NOT NULL,
    pid BIGINT NOT NULL,
    roles TEXT COLLATE "C" NOT NULL,
    version TEXT COLLATE "C" NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX platform_worker_by_time ON platform_worker (seen_at);
