-- Ovens and how they are connected.

CREATE TABLE equipment (
    -- Small, so that a reading's row stays small. AUTOINCREMENT keeps a reading that was queued for a deleted
    -- oven from landing on a new one.
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    -- UUID, the only name of the oven outside the database.
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    location TEXT NOT NULL DEFAULT '',
    kind TEXT NOT NULL DEFAULT 'other' CHECK (kind IN ('deck', 'rack', 'combi', 'tunnel', 'proofer', 'other')),
    serial_number TEXT,
    manufacturer TEXT,
    model TEXT,
    firmware_version TEXT,
    iot_enabled INTEGER NOT NULL DEFAULT 0 CHECK (iot_enabled IN (0, 1)),
    iot_protocol TEXT,
    iot_endpoint TEXT,
    iot_port INTEGER CHECK (iot_port BETWEEN 1 AND 65535),
    -- Sealed; the database never sees what is inside.
    iot_credentials BLOB,
    iot_connection_status TEXT NOT NULL DEFAULT 'unknown'
        CHECK (iot_connection_status IN ('connected', 'disconnected', 'connecting', 'error', 'unknown')),
    iot_last_connected INTEGER,
    iot_config TEXT NOT NULL DEFAULT '{}',
    supports_realtime INTEGER NOT NULL DEFAULT 1 CHECK (supports_realtime IN (0, 1)),
    poll_interval_seconds INTEGER NOT NULL DEFAULT 5 CHECK (poll_interval_seconds BETWEEN 1 AND 86400),
    temperature_zones INTEGER NOT NULL DEFAULT 1 CHECK (temperature_zones >= 0),
    supports_humidity INTEGER NOT NULL DEFAULT 0 CHECK (supports_humidity IN (0, 1)),
    supports_energy_monitoring INTEGER NOT NULL DEFAULT 0 CHECK (supports_energy_monitoring IN (0, 1)),
    supports_remote_control INTEGER NOT NULL DEFAULT 0 CHECK (supports_remote_control IN (0, 1)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
