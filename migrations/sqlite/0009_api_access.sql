-- Credentials of programs and of screens, and what creations have answered.

-- A user who is deleted stays as a row: alerts and batches name who did what.
ALTER TABLE users ADD COLUMN deleted_at INTEGER;

-- The token that acted for the actor.
ALTER TABLE audit_log ADD COLUMN actor_token TEXT;

-- Screens on a wall.
CREATE TABLE displays (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- UUID.
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    layout TEXT NOT NULL CHECK (layout IN ('grid', 'single', 'alerts_first')),
    -- JSON array of equipment ids; all ovens where empty.
    equipment_ids TEXT NOT NULL DEFAULT '[]',
    -- SHA-256 of the code that pairs a device, as long as it is unused.
    pairing_hash BLOB UNIQUE,
    pairing_expires_at INTEGER,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK ((pairing_hash IS NULL) = (pairing_expires_at IS NULL))
) STRICT;

CREATE TABLE api_tokens (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- The part of the token that is no secret, and its name in the API.
    id TEXT NOT NULL UNIQUE,
    -- SHA-256 of 256 random bits: nothing that could be guessed, so nothing that has to be slow.
    secret_hash BLOB NOT NULL CHECK (length(secret_hash) = 32),
    name TEXT NOT NULL,
    -- Either a user's or a display's.
    owner INTEGER REFERENCES users (id),
    display INTEGER REFERENCES displays (key) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('display', 'staff', 'admin')),
    -- JSON array.
    scopes TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    last_used_at INTEGER,
    last_used_ip TEXT,
    revoked_at INTEGER,
    CHECK ((owner IS NULL) <> (display IS NULL)),
    CHECK (display IS NULL OR role = 'display')
) STRICT;

CREATE INDEX api_tokens_owner ON api_tokens (owner);
-- A display has one credential: the device that was paired last.
CREATE UNIQUE INDEX api_tokens_display ON api_tokens (display) WHERE revoked_at IS NULL;

-- What was answered to a creation that came with an Idempotency-Key.
CREATE TABLE idempotency_keys (
    -- For example user:3.
    account TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    request_hash BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    -- Null while the first request is under way.
    status INTEGER,
    -- JSON object.
    headers TEXT,
    -- Null where the answer holds a secret, which is not kept.
    body BLOB,
    PRIMARY KEY (account, path, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);
