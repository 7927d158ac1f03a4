-- Minutes, hours and days of every oven's readings, for charts of any length.

CREATE TABLE reading_rollups (
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    -- Length of the stretch in seconds: 60, 3600 or 86400. Stretches begin at whole multiples of it, in UTC.
    seconds INTEGER NOT NULL,
    begins_at INTEGER NOT NULL,
    -- Every number of the stretch, in the format of server/src/rollup/codec.rs.
    data BLOB NOT NULL,
    PRIMARY KEY (equipment, seconds, begins_at)
) STRICT, WITHOUT ROWID;

-- How far the rollups of an oven go. Later ones are made from its readings when they are asked for.
CREATE TABLE reading_rollup_state (
    equipment INTEGER PRIMARY KEY REFERENCES equipment (key) ON DELETE CASCADE,
    -- Every minute that begins before this is in reading_rollups, and every hour and day that ends by it.
    rolled_until INTEGER NOT NULL,
    -- Readings before this were deleted to keep to the retention; their rollups are what is left of them.
    kept_from INTEGER
) STRICT;

-- Minutes whose readings changed after they had been rolled up: they, their hour and their day do not count until they
-- are made anew. Written together with the change.
CREATE TABLE reading_rollups_due (
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    begins_at INTEGER NOT NULL,
    PRIMARY KEY (equipment, begins_at)
) STRICT, WITHOUT ROWID;

-- How long history is kept of an oven, where that is not what the settings say of all.
CREATE TABLE equipment_retention (
    equipment INTEGER PRIMARY KEY REFERENCES equipment (key) ON DELETE CASCADE,
    -- JSON, app::model::retention::Retention.
    retention TEXT NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
