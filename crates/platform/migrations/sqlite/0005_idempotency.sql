-- Answers to requests that a client may repeat.
-- kept: http.idempotency_ttl
CREATE TABLE platform_idempotency (
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    -- digest of what was asked
    request TEXT NOT NULL,
    status INTEGER NOT NULL,
    answer TEXT NOT NULL CHECK (json_valid(answer)),
    expires_at INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX platform_idempotency_by_time ON platform_idempotency (expires_at);
