-- People and programs that act.
-- kept: bound, until an admin removes them
CREATE TABLE platform_user (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    mail TEXT COLLATE "C",
    -- argon2, in its own notation; nobody logs in by a password without it
    password TEXT COLLATE "C",
    origin TEXT COLLATE "C" NOT NULL CHECK (origin IN ('local', 'oidc', 'forge')),
    issuer TEXT COLLATE "C",
    issuer_subject TEXT COLLATE "C",
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'blocked')),
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX platform_user_name ON platform_user (name);
CREATE UNIQUE INDEX platform_user_of_issuer ON platform_user (issuer, issuer_subject) WHERE issuer IS NOT NULL;

-- kept: bound, until an admin removes them
CREATE TABLE platform_team (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name TEXT COLLATE "C" NOT NULL,
    title TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX platform_team_name ON platform_team (name);

-- kept: bound, as long as team and user
CREATE TABLE platform_member (
    team_id BIGINT NOT NULL REFERENCES platform_team (id) ON DELETE CASCADE,
    user_id BIGINT NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, user_id)
);
CREATE INDEX platform_member_of_user ON platform_member (user_id);

-- What programs show instead of a password: only its digest is here.
-- kept: bound, until its owner removes it
CREATE TABLE platform_token (
    id TEXT COLLATE "C" PRIMARY KEY,
    hash TEXT COLLATE "C" NOT NULL,
    user_id BIGINT NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    name TEXT COLLATE "C" NOT NULL,
    -- permissions to which it is narrowed; all of its owner's where there are none
    scopes JSONB,
    object TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX platform_token_hash ON platform_token (hash);
CREATE INDEX platform_token_of_user ON platform_token (user_id, id);

-- A role for a user or a team, on one object or, where that is empty, on everything.
-- kept: bound, until an admin takes it back
CREATE TABLE platform_grant (
    id TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C" NOT NULL CHECK (holder IN ('user', 'team')),
    holder_id BIGINT NOT NULL,
    role TEXT COLLATE "C" NOT NULL,
    object TEXT COLLATE "C" NOT NULL,
    narrowed JSONB,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX platform_grant_once ON platform_grant (holder, holder_id, role, object);

-- Logins of browsers, by the digest of the cookie.
-- kept: auth.session_max
CREATE TABLE platform_session (
    hash TEXT COLLATE "C" PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES platform_user (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL
);
CREATE INDEX platform_session_of_user ON platform_session (user_id);
CREATE INDEX platform_session_by_time ON platform_session (created_at);

-- The one-time token by which the first admin is made.
-- kept: bound, one row
CREATE TABLE platform_setup (
    id BIGINT PRIMARY KEY CHECK (id = 1),
    hash TEXT COLLATE "C" NOT NULL,
    expires_at BIGINT NOT NULL
);
