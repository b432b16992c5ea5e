-- Whether the gate's tables may be emptied: they may where they were made for test suites.
-- kept: bound, one row
CREATE TABLE results_rehearsal (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    made_at BIGINT NOT NULL
);
