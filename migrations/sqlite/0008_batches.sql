-- What was baked where: planned, running, finished and cancelled batches.

CREATE TABLE batches (
    -- The number that people see; never used twice.
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    -- Of an oven whose decks bake by themselves; empty for the whole oven.
    deck TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'planned' CHECK (status IN ('planned', 'running', 'finished', 'cancelled')),
    product TEXT NOT NULL,
    quantity INTEGER,
    program TEXT,
    planned_start INTEGER,
    planned_end INTEGER,
    -- JSON: a list of stages.
    profile TEXT NOT NULL DEFAULT '[]',
    operator TEXT,
    notes TEXT,
    started_at INTEGER,
    ended_at INTEGER,
    cancel_reason TEXT,
    -- JSON, of a finished one.
    summary TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CHECK (status NOT IN ('running', 'finished') OR started_at IS NOT NULL),
    CHECK (status NOT IN ('finished', 'cancelled') OR ended_at IS NOT NULL),
    CHECK (ended_at IS NULL OR started_at IS NULL OR ended_at >= started_at)
) STRICT;

-- One at a time.
CREATE UNIQUE INDEX batches_running ON batches (equipment, deck) WHERE status = 'running';
CREATE INDEX batches_of_equipment ON batches (equipment, started_at);
