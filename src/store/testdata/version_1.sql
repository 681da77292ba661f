CREATE TABLE account (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, role INTEGER NOT NULL, made_us INTEGER NOT NULL, disabled INTEGER NOT NULL);
CREATE TABLE api_token (id INTEGER PRIMARY KEY, name TEXT NOT NULL, token_sha256 BLOB NOT NULL UNIQUE, account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE, scopes TEXT NOT NULL, made_us INTEGER NOT NULL, expires_us INTEGER, used_us INTEGER);
CREATE TABLE counter (name TEXT PRIMARY KEY, next INTEGER NOT NULL);
CREATE TABLE feed (id TEXT PRIMARY KEY, site TEXT, name TEXT NOT NULL, source TEXT NOT NULL, sub_source TEXT NOT NULL, record INTEGER NOT NULL, record_sub INTEGER NOT NULL, public INTEGER NOT NULL, public_audio INTEGER NOT NULL, delay_s INTEGER NOT NULL, part_ms INTEGER NOT NULL, paused INTEGER NOT NULL, paused_note TEXT NOT NULL, declared INTEGER NOT NULL, added_us INTEGER NOT NULL, removed_us INTEGER);
CREATE TABLE gap (feed TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, reason INTEGER NOT NULL, PRIMARY KEY (feed, start_us));
CREATE TABLE init (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL, tracks TEXT NOT NULL);
CREATE TABLE login_session (token_sha256 BLOB PRIMARY KEY, account INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE, made_us INTEGER NOT NULL, seen_us INTEGER NOT NULL, expires_us INTEGER NOT NULL);
CREATE TABLE recording (id INTEGER PRIMARY KEY, feed TEXT NOT NULL, rendition INTEGER NOT NULL, run INTEGER NOT NULL, run_offset_90k INTEGER NOT NULL, volume TEXT NOT NULL, init INTEGER NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, bytes INTEGER NOT NULL, segment_index BLOB, began INTEGER NOT NULL, ended INTEGER, clock_source INTEGER NOT NULL, clock_error_us INTEGER NOT NULL, pose INTEGER, sha256 BLOB);
CREATE TABLE schema_version (version INTEGER NOT NULL);
CREATE TABLE sector (id TEXT PRIMARY KEY, name TEXT NOT NULL, position INTEGER NOT NULL, declared INTEGER NOT NULL);
CREATE TABLE site (id TEXT PRIMARY KEY, sector TEXT, name TEXT NOT NULL, latitude REAL, longitude REAL, elevation_m REAL, published_latitude REAL, published_longitude REAL, time_zone TEXT, declared INTEGER NOT NULL);
CREATE TABLE volume (id TEXT PRIMARY KEY, path TEXT NOT NULL, marker TEXT NOT NULL, added_us INTEGER NOT NULL, retired_us INTEGER);
CREATE TABLE wall (name TEXT PRIMARY KEY, definition TEXT NOT NULL, updated_us INTEGER NOT NULL);
CREATE TABLE withheld (id INTEGER PRIMARY KEY, feed TEXT NOT NULL, start_us INTEGER NOT NULL, end_us INTEGER, reason TEXT NOT NULL, made_by TEXT NOT NULL, made_us INTEGER NOT NULL);
CREATE INDEX api_token_by_account ON api_token (account);
CREATE INDEX gap_open ON gap (feed) WHERE end_us IS NULL;
CREATE INDEX login_session_by_account ON login_session (account);
CREATE INDEX recording_by_time ON recording (feed, rendition, start_us);
CREATE INDEX recording_open ON recording (volume) WHERE ended IS NULL;
CREATE INDEX withheld_by_time ON withheld (feed, start_us);
INSERT INTO account (id, name, password, role, made_us, disabled)
VALUES (1, 'a', 'a', 1, 1, 1);
INSERT INTO api_token (id, name, token_sha256, account, scopes, made_us, expires_us, used_us)
VALUES (1, 'a', x'0a', 1, 'a', 1, 1, 1);
INSERT INTO counter (name, next)
VALUES ('a', 1);
INSERT INTO feed (id, site, name, source, sub_source, record, record_sub, public, public_audio, delay_s, part_ms, paused, paused_note, declared, added_us, removed_us)
VALUES ('a', 'a', 'a', 'a', 'a', 1, 1, 1, 1, 1, 1, 1, 'a', 1, 1, 1);
INSERT INTO gap (feed, start_us, end_us, reason)
VALUES ('a', 1, 1, 1);
INSERT INTO init (id, sha256, bytes, tracks)
VALUES (1, x'0a', x'0a', 'a');
INSERT INTO login_session (token_sha256, account, made_us, seen_us, expires_us)
VALUES (x'0a', 1, 1, 1, 1);
INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us, end_us, bytes, segment_index, began, ended, clock_source, clock_error_us, pose, sha256)
VALUES (1, 'a', 1, 1, 1, 'a', 1, 1, 1, 1, x'0a', 1, 1, 1, 1, 1, x'0a');
INSERT INTO schema_version (version)
VALUES (1);
INSERT INTO sector (id, name, position, declared)
VALUES ('a', 'a', 1, 1);
INSERT INTO site (id, sector, name, latitude, longitude, elevation_m, published_latitude, published_longitude, time_zone, declared)
VALUES ('a', 'a', 'a', 34.9, 34.9, 34.9, 34.9, 34.9, 'a', 1);
INSERT INTO volume (id, path, marker, added_us, retired_us)
VALUES ('a', 'a', 'a', 1, 1);
INSERT INTO wall (name, definition, updated_us)
VALUES ('a', 'a', 1);
INSERT INTO withheld (id, feed, start_us, end_us, reason, made_by, made_us)
VALUES (1, 'a', 1, 1, 'a', 'a', 1);
