-- Lists of open blockers, holds first and then in the gates' order.
DROP INDEX platform_blocker_listed;
CREATE INDEX platform_blocker_listed ON platform_blocker (level, place, code, subject, id) WHERE until IS NULL;
CREATE INDEX platform_blocker_begun ON platform_blocker (since, id);

-- What came, of one state.
CREATE INDEX platform_inbox_listed ON platform_inbox (state, received_at, consumer, message_id);

-- A commit by its own digits.
CREATE INDEX platform_trail_link_from_commit ON platform_trail_link (substr(from_subject, strpos(from_subject, '@') + 1))
    WHERE substr(from_subject, 1, 7) = 'commit:';
CREATE INDEX platform_trail_link_to_commit ON platform_trail_link (substr(to_subject, strpos(to_subject, '@') + 1))
    WHERE substr(to_subject, 1, 7) = 'commit:';

-- Which topics a receiver takes; none for one of deeds.
ALTER TABLE platform_sink ADD COLUMN topics JSONB;

-- Receivers that people added while the service runs. A message is signed with the secret, so it is kept as it is.
-- kept: bound, until an admin removes them
CREATE TABLE platform_hook (
    name TEXT COLLATE "C" PRIMARY KEY,
    url TEXT COLLATE "C" NOT NULL,
    topics JSONB NOT NULL,
    secret TEXT COLLATE "C" NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
