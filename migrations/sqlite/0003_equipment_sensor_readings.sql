-- The history of every oven. Units: °C, %, kWh, kW, min, 1/min, kg.

CREATE TABLE equipment_sensor_readings (
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    -- When the oven measured it.
    reading_time INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    temperature REAL,
    target_temperature REAL,
    -- JSON {zone: °C}; null when empty, like the other JSON columns here.
    temperature_zones TEXT,
    humidity REAL,
    target_humidity REAL,
    -- The oven's own cumulative counter.
    energy_consumption_kwh REAL,
    power_kw REAL,
    operational_status TEXT,
    cycle_stage TEXT,
    cycle_progress_percentage REAL,
    time_remaining_minutes REAL,
    motor_speed_rpm REAL,
    door_status TEXT,
    steam_level REAL,
    product_weight_kg REAL,
    moisture_content REAL,
    -- The 16 bytes of a UUID.
    active_batch_id BLOB,
    additional_sensors TEXT,
    -- 0 good, 1 uncertain, 2 bad.
    quality INTEGER NOT NULL DEFAULT 0 CHECK (quality BETWEEN 0 AND 2),
    quality_issues TEXT,
    -- Keeps the history of one oven together on disk, in order of time; any range, and the newest reading, is one
    -- walk of this key in either direction, so that no further index is needed.
    PRIMARY KEY (equipment, reading_time)
) STRICT, WITHOUT ROWID;
