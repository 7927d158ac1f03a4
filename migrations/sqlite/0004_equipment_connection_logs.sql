-- What happened to the connections.

CREATE TABLE equipment_connection_logs (
    -- Order of arrival, which stays right when a clock is set.
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    event_type TEXT NOT NULL,
    event_time INTEGER NOT NULL,
    connection_status TEXT NOT NULL
        CHECK (connection_status IN ('connected', 'disconnected', 'connecting', 'error', 'unknown')),
    error_message TEXT,
    error_code TEXT,
    response_time_ms REAL,
    data_points_received INTEGER
) STRICT;

CREATE INDEX equipment_connection_logs_newest ON equipment_connection_logs (equipment, key DESC);
CREATE INDEX equipment_connection_logs_time ON equipment_connection_logs (equipment, event_time DESC);
