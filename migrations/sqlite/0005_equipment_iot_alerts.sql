-- Alerts of the ovens, from raised to resolved.

CREATE TABLE equipment_iot_alerts (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    equipment INTEGER NOT NULL REFERENCES equipment (key) ON DELETE CASCADE,
    alert_type TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'critical')),
    status TEXT NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'acknowledged', 'resolved')),
    title TEXT NOT NULL,
    message TEXT NOT NULL,
    -- JSON object with what else the title and the message are made from, to say them in any language.
    data TEXT NOT NULL DEFAULT '{}',
    value REAL,
    threshold REAL,
    zone TEXT,
    raised_at INTEGER NOT NULL,
    acknowledged_at INTEGER,
    acknowledged_by INTEGER REFERENCES users (id),
    resolved_at INTEGER,
    -- Null when it resolved by itself.
    resolved_by INTEGER REFERENCES users (id),
    notes TEXT,
    -- Shelving always has an end and a reason (ISA-18.2).
    shelved_at INTEGER,
    shelved_by INTEGER REFERENCES users (id),
    shelved_until INTEGER,
    shelve_reason TEXT,
    -- What the system did by itself, when, and what came of it.
    auto_response TEXT,
    auto_response_at INTEGER,
    auto_response_result TEXT,
    updated_at INTEGER NOT NULL,
    CHECK (shelved_until IS NULL OR (shelved_at IS NOT NULL AND shelve_reason IS NOT NULL)),
    CHECK (auto_response IS NULL OR auto_response_at IS NOT NULL),
    CHECK (status <> 'resolved' OR resolved_at IS NOT NULL),
    CHECK (status <> 'acknowledged' OR acknowledged_at IS NOT NULL)
) STRICT;

-- Few alerts stand at any time, so that the index of those stays tiny.
CREATE INDEX equipment_iot_alerts_standing ON equipment_iot_alerts (raised_at DESC) WHERE status <> 'resolved';
CREATE INDEX equipment_iot_alerts_newest ON equipment_iot_alerts (equipment, raised_at DESC);
