INSERT INTO platform_blocker (id, gate, code, subject, level, text, place, blocker, since)
SELECT substr(md5('c' || n), 1, 16), gate, 'platform.c' || n, subject, level, text, place, blocker, since
FROM platform_blocker, generate_series($FROM, $TO) AS n WHERE code = 'platform.job-failing' AND until IS NULL;
INSERT INTO platform_blocker (id, gate, code, subject, level, text, place, blocker, since, until)
SELECT id, gate, code, subject, level, text, place, blocker, since - n, since
FROM platform_blocker, generate_series($FROM, $TO) AS n WHERE code = 'platform.job-failing' AND until IS NULL;

INSERT INTO platform_trail_step (subject, gate, step, at, outcome, text)
SELECT 'build:a', 'results', 's' || n, n, 'passed', 'it went on' FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_trail_link (from_subject, to_subject, relation, gate, at, evidence)
SELECT 'build:a', 'compose:c' || n, 'built_as', 'results', n, '[]' FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_trail_link (from_subject, to_subject, relation, gate, at, evidence)
SELECT 'build:a' || repeat('+', n), 'build:a' || repeat('+', n + 1), 'built_as', 'results', n, '[]'
FROM generate_series(0, 9) AS n ON CONFLICT DO NOTHING;
INSERT INTO platform_trail_link (from_subject, to_subject, relation, gate, at, evidence)
SELECT 'build:a' || repeat('-', n + 1), 'build:a' || repeat('-', n), 'built_as', 'results', n, '[]'
FROM generate_series(0, 9) AS n ON CONFLICT DO NOTHING;

INSERT INTO platform_user (name, title, origin, state, version, created_at)
SELECT 'u' || n, 'U', 'local', 'active', 1, n FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_team (name, title, created_at) SELECT 't' || n, 'T', n FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_member (team_id, user_id)
SELECT t.id, u.id FROM platform_team t, platform_user u ON CONFLICT DO NOTHING;
INSERT INTO platform_grant (id, holder, holder_id, role, object, created_at)
SELECT substr(md5('g' || n), 1, 16), 'user', u.id, 'results.reporter', 'dist.' || n, n
FROM generate_series($FROM, $TO) AS n, platform_user u WHERE u.name = 'ann';
INSERT INTO platform_token (id, hash, user_id, name, created_at, expires_at)
SELECT substr(md5('t' || n), 1, 16), md5('h' || n), u.id, 'ci', n, n
FROM generate_series($FROM, $TO) AS n, platform_user u WHERE u.name = 'ann';

INSERT INTO platform_wake (job, key, priority, woken_by, fence, attempts, last_error, failing_since)
SELECT 'platform.relay', 'k' || n, 'normal', 'x', 1, 5, 'it fails', n FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_run (job, key, worker, started, ended, outcome, error, woken_by)
SELECT 'platform.relay', 'k' || n, 'w', n, n, 'failed', 'it fails', 'x' FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_pause (scope, by, at, reason)
SELECT 'platform.relay/k' || n, 'ann', n, 'x' FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_worker (uuid, host, pid, roles, version, seen_at)
SELECT 'w' || n, 'h', n, 'web', '1', n FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_sink (name, takes, position, state, since, attempts)
SELECT 's' || n, 'messages', 0, 'down', n, 1 FROM generate_series($FROM, $TO) AS n;
INSERT INTO platform_delivery (sink, no, key, state, attempts, error)
SELECT 's1', no, 'k' || no, 'set_aside', 1, 'it is refused' FROM platform_feed WHERE no BETWEEN $FROM AND $TO;
INSERT INTO platform_write (at, actor, via, permission, object, change, request_id, message_ids)
SELECT n, '{"kind": "user", "name": "ann"}', 'api', 'x:y', 'x:' || n, '{}', 'r', '[]' FROM generate_series($FROM, $TO) AS n;
