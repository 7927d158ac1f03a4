-- What the values of an oven are held to, where that is not what usually holds for its kind.
CREATE TABLE equipment_plausibility (
    equipment INTEGER PRIMARY KEY REFERENCES equipment (key) ON DELETE CASCADE,
    -- JSON, app::model::plausibility::Rules.
    rules TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;

-- What sensors are off by, since when, and how that is known.
CREATE TABLE calibrations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- UUID.
    id TEXT NOT NULL UNIQUE,
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    field TEXT NOT NULL,
    offset_celsius REAL NOT NULL,
    valid_from INTEGER NOT NULL,
    reason TEXT NOT NULL,
    created_by INTEGER REFERENCES users (id),
    created_at INTEGER NOT NULL,
    UNIQUE (equipment, field, valid_from)
) STRICT;

-- Values that were not believed, for people to judge.
CREATE TABLE outliers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- UUID.
    id TEXT NOT NULL UNIQUE,
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    field TEXT NOT NULL,
    reason TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    lowest REAL,
    highest REAL,
    good_before REAL,
    status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'accepted', 'rejected')),
    reviewed_at INTEGER,
    reviewed_by INTEGER REFERENCES users (id),
    note TEXT,
    CHECK (started_at <= ended_at)
) STRICT;

CREATE INDEX outliers_age ON outliers (equipment, ended_at);
