-- Named checks.
-- kept: forever, bounded by what is tested
CREATE TABLE results_testcase (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    ref_url TEXT
) STRICT;

-- Runs that results belong to.
-- kept: forever
CREATE TABLE results_group (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE,
    description TEXT,
    ref_url TEXT
) STRICT;

-- What was found out. Never changed.
-- kept: keep.results
CREATE TABLE results_result (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    testcase_id INTEGER NOT NULL REFERENCES results_testcase (id),
    outcome TEXT NOT NULL,
    submit_time INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    note TEXT,
    ref_url TEXT,
    submitter TEXT,
    -- a JSON object of lists as text, which keeps the order of its keys
    data TEXT NOT NULL
) STRICT;
CREATE INDEX results_result_by_time ON results_result (submit_time, id);
CREATE INDEX results_result_of_testcase ON results_result (testcase_id, submit_time, id);
CREATE INDEX results_result_by_arrival ON results_result (received_at, id);

-- The groups of results.
-- kept: with the result
CREATE TABLE results_result_group (
    group_id INTEGER NOT NULL REFERENCES results_group (id),
    submit_time INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    PRIMARY KEY (group_id, submit_time, result_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_result_group_of_result ON results_result_group (result_id);

-- One row for each value under a key that has an index. A long value is named by its digest.
-- kept: with the result
CREATE TABLE results_result_key (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    submit_time INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    PRIMARY KEY (key, value, submit_time, result_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_result_key_of_result ON results_result_key (result_id);

-- The newest result of everything that results stand for.
-- kept: with the result
CREATE TABLE results_latest (
    key_hash TEXT PRIMARY KEY,
    testcase_id INTEGER NOT NULL REFERENCES results_testcase (id),
    key_name TEXT NOT NULL,
    value TEXT NOT NULL,
    type TEXT,
    scenario TEXT,
    system_architecture TEXT,
    system_variant TEXT,
    result_id INTEGER NOT NULL,
    submit_time INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX results_latest_of_item ON results_latest (key_name, value, testcase_id);
CREATE INDEX results_latest_of_result ON results_latest (result_id);

-- What is known of everything for which changes are told.
-- kept: forever, bounded by what is tested
CREATE TABLE results_announcement_state (
    key_hash TEXT PRIMARY KEY,
    testcase TEXT NOT NULL,
    type TEXT,
    -- as it is looked up, a long one by its digest
    item TEXT NOT NULL,
    -- type, item and variant as sets
    key_parts TEXT NOT NULL CHECK (json_valid(key_parts)),
    outcome TEXT,
    result_id INTEGER,
    newest_final_time INTEGER,
    newest_final_id INTEGER,
    newest_any_time INTEGER,
    newest_any_id INTEGER,
    progress_outcome TEXT,
    seq INTEGER NOT NULL DEFAULT 0,
    suppressed INTEGER NOT NULL DEFAULT 0,
    late INTEGER NOT NULL DEFAULT 0,
    changed_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX results_announcement_state_of_item ON results_announcement_state (item, key_hash);
CREATE INDEX results_announcement_state_of_testcase ON results_announcement_state (testcase, key_hash);

-- What was told.
-- kept: keep.results
CREATE TABLE results_announcement (
    key_hash TEXT NOT NULL REFERENCES results_announcement_state (key_hash),
    seq INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    prev_outcome TEXT,
    outcome TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('new', 'changed')),
    via TEXT CHECK (json_valid(via)),
    -- absent where an import moved the state silently
    message_id TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (key_hash, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_announcement_by_time ON results_announcement (created_at, key_hash, seq);
CREATE INDEX results_announcement_of_result ON results_announcement (result_id);

-- The builds of updates, as far as they were told.
-- kept: forever, bounded by the updates
CREATE TABLE results_update_build (
    update_id TEXT NOT NULL,
    nvr TEXT NOT NULL,
    seen_at INTEGER NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('data', 'api', 'bus')),
    PRIMARY KEY (update_id, nvr)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_update_build_of_nvr ON results_update_build (nvr, update_id);

-- The newest result of what the old stream takes for one thing. Empty while that is off.
-- kept: forever, bounded by what is tested
CREATE TABLE results_old_news (
    identity TEXT PRIMARY KEY,
    submit_time INTEGER NOT NULL,
    result_id INTEGER NOT NULL,
    outcome TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Imports that can be gone on with.
-- kept: keep.results
CREATE TABLE results_import (
    id TEXT NOT NULL,
    first_line INTEGER NOT NULL,
    last_line INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    first_result INTEGER,
    last_result INTEGER,
    -- lines that were refused, with why
    rejected TEXT NOT NULL CHECK (json_valid(rejected)),
    at INTEGER NOT NULL,
    actor TEXT NOT NULL CHECK (json_valid(actor)),
    PRIMARY KEY (id, first_line)
) STRICT, WITHOUT ROWID;
CREATE INDEX results_import_by_time ON results_import (at);
