-- Answers to requests that a client may repeat.
-- kept: http.idempotency_ttl
CREATE TABLE platform_idempotency (
    actor TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    -- digest of what was asked
    request TEXT COLLATE "C" NOT NULL,
    status BIGINT NOT NULL,
    answer JSONB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (actor, key)
);
CREATE INDEX platform_idempotency_by_time ON platform_idempotency (expires_at);
