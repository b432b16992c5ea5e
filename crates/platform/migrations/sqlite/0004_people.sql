-- People and programs that act.
-- kept: bound, until an admin removes them
CREATE TABLE platform_user (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    mail TEXT,
    -- argon2, in its own notation; nobody logs in by a password without it
    password TEXT,
    origin TEXT NOT NULL CHECK (origin IN ('local', 'oidc', 'forge')),
    issuer TEXT,
    issuer_subject TEXT,
    state TEXT NOT NULL CHECK (state IN ('active', 'blocked')),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX platform_user_name ON platform_user (name);
CREATE UNIQUE INDEX platform_user_of_issuer ON platform_user (issuer, issuer_subject) WHERE issuer IS NOT NULL;

-- kept: bound, until an admin removes them
CREATE TABLE platform_team (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    title TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX platform_team_name ON platform_team (name);

-- kept: bound, as long as team and user
CREATE TABLE platform_member (
    team_id INTEGER NOT NULL REFERENCES platform_team (id) ON DELETE CASCADE,
    user_id INTEGER NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, user_id)
) STRICT;
CREATE INDEX platform_member_of_user ON platform_member (user_id);

-- What programs show instead of a password: only its digest is here.
-- kept: bound, until its owner removes it
CREATE TABLE platform_token (
    id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    user_id INTEGER NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- permissions to which it is narrowed; all of its owner's where there are none
    scopes TEXT CHECK (json_valid(scopes)),
    object TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX platform_token_hash ON platform_token (hash);
CREATE INDEX platform_token_of_user ON platform_token (user_id, id);

-- A role for a user or a team, on one object or, where that is empty, on everything.
-- kept: bound, until an admin takes it back
CREATE TABLE platform_grant (
    id TEXT PRIMARY KEY,
    holder TEXT NOT NULL CHECK (holder IN ('user', 'team')),
    holder_id INTEGER NOT NULL,
    role TEXT NOT NULL,
    object TEXT NOT NULL,
    narrowed TEXT CHECK (json_valid(narrowed)),
    created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX platform_grant_once ON platform_grant (holder, holder_id, role, object);

-- Logins of browsers, by the digest of the cookie.
-- kept: auth.session_max
CREATE TABLE platform_session (
    hash TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
) STRICT;
CREATE INDEX platform_session_of_user ON platform_session (user_id);
CREATE INDEX platform_session_by_time ON platform_session (created_at);

-- The one-time token by which the first admin is made.
-- kept: bound, one row
CREATE TABLE platform_setup (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    hash TEXT NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
