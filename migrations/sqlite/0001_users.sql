-- Who may sign in, and their sessions.
--
-- Times are INTEGER microseconds since 1970 in UTC in every table. Enums whose values may grow (alert types, log
-- events) have no CHECK, because SQLite cannot change one without rebuilding the table.

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    -- The name in lower case by Unicode's rules, which the database itself does not know.
    username_key TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('display', 'staff', 'admin')),
    language TEXT,
    theme TEXT,
    disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
    -- Raised to end all sessions of the user at once.
    session_epoch INTEGER NOT NULL DEFAULT 0,
    created_at INTEGER NOT NULL,
    last_login_at INTEGER,
    updated_at INTEGER NOT NULL
) STRICT;

-- Belongs to the session layer, which writes text into expiry_date: STRICT would refuse its rows.
CREATE TABLE tower_sessions (
    id TEXT PRIMARY KEY NOT NULL,
    data BLOB NOT NULL,
    expiry_date INTEGER NOT NULL
);
