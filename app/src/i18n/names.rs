//! The name of every value of the model's enums, and what to do about each failure.

use super::Lang;
use crate::model::{
    alert::AlertSeverity,
    api::TestStage,
    connection_log::ConnectionEvent,
    equipment::{ConnectionStatus, EquipmentKind},
    failure::FailureKind,
    live::Freshness,
    mapping::{Source, Target, TimeFormat},
    metric::Metric,
    outlier::OutlierStatus,
    reading::{CycleStage, DoorStatus, OperationalStatus, Quality, QualityReason},
    user::Role,
};

names! {
    OperationalStatus.label {
        Idle: "En espera", "Idle", "Bereit";
        Preheating: "Precalentando", "Preheating", "Heizt vor";
        Running: "En marcha", "Running", "In Betrieb";
        Paused: "En pausa", "Paused", "Pausiert";
        Cooling: "Enfriando", "Cooling", "Kühlt ab";
        Cleaning: "Limpieza", "Cleaning", "Reinigung";
        Standby: "En reposo", "Standby", "Standby";
        Maintenance: "Mantenimiento", "Maintenance", "Wartung";
        Error: "Avería", "Fault", "Störung";
        Offline: "Apagado", "Switched off", "Ausgeschaltet";
        Unknown: "Estado desconocido", "State unknown", "Zustand unbekannt";
    }
    CycleStage.label {
        Loading: "Carga", "Loading", "Beschicken";
        Preheating: "Calentamiento", "Preheating", "Vorheizen";
        Steaming: "Vapor", "Steaming", "Schwaden";
        Baking: "Cocción", "Baking", "Backen";
        Proofing: "Fermentación", "Proofing", "Gare";
        Drying: "Secado", "Drying", "Trocknen";
        Cooling: "Enfriamiento", "Cooling", "Abkühlen";
        Unloading: "Descarga", "Unloading", "Entladen";
        Cleaning: "Limpieza", "Cleaning", "Reinigung";
        Idle: "Sin ciclo", "No cycle", "Kein Zyklus";
        Other: "Otra fase", "Other stage", "Andere Phase";
    }
    DoorStatus.label {
        Open: "Abierta", "Open", "Offen";
        Closed: "Cerrada", "Closed", "Zu";
        Unknown: "Desconocida", "Unknown", "Unbekannt";
    }
    Quality.label {
        Good: "Bueno", "Good", "Gut";
        Uncertain: "Dudoso", "Uncertain", "Unsicher";
        Bad: "No fiable", "Not reliable", "Nicht verlässlich";
    }
    OutlierStatus.label {
        Pending: "Por revisar", "To review", "Zu prüfen";
        Accepted: "Era cierto", "Was real", "War echt";
        Rejected: "Era un error", "Was wrong", "War falsch";
    }
    QualityReason.label {
        OutOfRange: "fuera de lo posible", "outside the plausible range", "außerhalb des Plausiblen";
        NotFinite: "no es un número", "not a finite number", "keine endliche Zahl";
        Missing: "no llegó", "did not arrive", "nicht eingetroffen";
        NotANumber: "no es un número", "not a number", "keine Zahl";
        UnknownWord: "palabra sin traducir", "unknown word", "unbekanntes Wort";
        DeviceFault: "el horno lo da por averiado", "the oven reports a fault", "vom Ofen als gestört gemeldet";
        DeviceUncertain: "el horno no está seguro", "the oven is not sure of it", "der Ofen ist nicht sicher";
        Unconfirmed: "sin confirmar hace rato", "not confirmed for a while", "länger nicht bestätigt";
        ClockSkew: "el reloj del horno no va bien", "the oven's clock is off", "die Uhr des Ofens geht falsch";
        FutureTime: "la hora está en el futuro", "the time is in the future", "die Zeit liegt in der Zukunft";
        Backfilled: "leído después de la memoria del horno", "read later from the oven's memory", "nachträglich aus dem Speicher des Ofens gelesen";
        RateOfChange: "cambia demasiado rápido", "changes too fast", "ändert sich zu schnell";
        Accepted: "revisado y aceptado", "reviewed and accepted", "geprüft und angenommen";
        Stuck: "no cambia: sensor parado", "does not change: sensor stuck", "ändert sich nicht: Sensor hängt";
    }
    ConnectionStatus.label {
        Connected: "Conectado", "Connected", "Verbunden";
        Disconnected: "Sin contacto", "No contact", "Kein Kontakt";
        Connecting: "Conectando…", "Connecting…", "Verbindet…";
        Error: "Con error", "Error", "Fehler";
        Unknown: "Sin probar", "Not tried yet", "Noch nicht versucht";
    }
    Freshness.label {
        Live: "En vivo", "Live", "Live";
        Stale: "Sin datos nuevos", "No new data", "Keine neuen Daten";
        Offline: "Sin contacto", "No contact", "Kein Kontakt";
        Waiting: "Esperando datos", "Waiting for data", "Wartet auf Daten";
        Disabled: "Desactivado", "Switched off", "Abgeschaltet";
    }
    EquipmentKind.label {
        Deck: "Horno de pisos", "Deck oven", "Etagenofen";
        Rack: "Horno de carros", "Rack oven", "Stikkenofen";
        Combi: "Horno mixto", "Combi oven", "Kombidämpfer";
        Tunnel: "Horno de túnel", "Tunnel oven", "Durchlaufofen";
        Proofer: "Fermentadora", "Proofer", "Gärschrank";
        Other: "Otro equipo", "Other equipment", "Anderes Gerät";
    }
    FailureKind.label {
        Unreachable: "No se encuentra el horno", "The oven cannot be found", "Der Ofen ist nicht zu finden";
        Refused: "El horno no atiende en ese puerto", "The oven does not listen on this port",
            "Der Ofen nimmt an diesem Port nichts an";
        Timeout: "El horno no contesta a tiempo", "The oven does not answer in time",
            "Der Ofen antwortet nicht rechtzeitig";
        Tls: "La conexión segura falla", "The secure connection fails", "Die sichere Verbindung schlägt fehl";
        Auth: "El horno no acepta el acceso", "The oven refuses the login", "Der Ofen lehnt die Anmeldung ab";
        Protocol: "El horno contesta algo inesperado", "The oven answers something unexpected",
            "Der Ofen antwortet etwas Unerwartetes";
        Mapping: "Los valores no están donde se buscan", "The values are not where they are looked for",
            "Die Werte stehen nicht dort, wo sie gesucht werden";
        Limit: "La respuesta es demasiado grande", "The answer is too large", "Die Antwort ist zu groß";
        Config: "Los ajustes no son válidos", "The settings are not valid", "Die Einstellungen sind ungültig";
    }
    FailureKind.advice {
        Unreachable: "Compruebe que el horno está encendido, el cable de red o la wifi, y la dirección.",
            "Check that the oven is on, its network cable or Wi-Fi, and the address.",
            "Prüfen Sie, ob der Ofen an ist, das Netzwerkkabel oder WLAN und die Adresse.";
        Refused: "Compruebe el puerto y que el servicio de red del horno está activado.",
            "Check the port, and that the oven's network service is switched on.",
            "Prüfen Sie den Port und ob der Netzwerkdienst des Ofens eingeschaltet ist.";
        Timeout: "Compruebe la red y si otro programa tiene ocupado el horno. Hornero sigue intentándolo.",
            "Check the network, and whether another program keeps the oven busy. Hornero keeps trying.",
            "Prüfen Sie das Netz und ob ein anderes Programm den Ofen belegt. Hornero versucht es weiter.";
        Tls: "Compruebe el certificado: puede haber caducado o ser propio del horno; añádalo en los ajustes.",
            "Check the certificate: it may have expired or be the oven's own; add it in the settings.",
            "Prüfen Sie das Zertifikat: Es kann abgelaufen oder ein eigenes des Ofens sein; hinterlegen Sie es.";
        Auth: "Escriba otra vez el usuario y la contraseña del horno, o pida un acceso nuevo.",
            "Enter the oven's user name and password again, or ask for a new login.",
            "Geben Sie Benutzername und Passwort des Ofens neu ein oder fordern Sie einen neuen Zugang an.";
        Protocol: "Compruebe que la dirección y el protocolo son los de este horno.",
            "Check that address and protocol are those of this oven.",
            "Prüfen Sie, ob Adresse und Protokoll zu diesem Ofen gehören.";
        Mapping: "Pruebe la conexión y ajuste las rutas a lo que responde el horno.",
            "Test the connection and adapt the paths to what the oven answers.",
            "Testen Sie die Verbindung und passen Sie die Pfade an die Antwort des Ofens an.";
        Limit: "Use una dirección que devuelva solo los valores actuales.",
            "Use an address that returns only the current values.",
            "Verwenden Sie eine Adresse, die nur die aktuellen Werte liefert.";
        Config: "Abra los ajustes del horno y corrija lo que esté marcado.",
            "Open the oven's settings and correct what is marked.",
            "Öffnen Sie die Einstellungen des Ofens und korrigieren Sie, was markiert ist.";
    }
    ConnectionEvent.label {
        Connected: "Conectado", "Connected", "Verbunden";
        Disconnected: "Contacto perdido", "Contact lost", "Kontakt verloren";
        Recovered: "Contacto recuperado", "Contact restored", "Kontakt wiederhergestellt";
        Test: "Prueba de conexión", "Connection test", "Verbindungstest";
        Timeout: "Sin respuesta a tiempo", "No answer in time", "Keine Antwort rechtzeitig";
        AuthFailed: "Acceso rechazado", "Login refused", "Anmeldung abgelehnt";
        TlsFailed: "Conexión segura fallida", "Secure connection failed", "Sichere Verbindung fehlgeschlagen";
        ProtocolFailed: "Respuesta inesperada", "Unexpected answer", "Unerwartete Antwort";
        ParseFailed: "Valores no encontrados", "Values not found", "Werte nicht gefunden";
        LimitExceeded: "Respuesta demasiado grande", "Answer too large", "Antwort zu groß";
        ConfigInvalid: "Ajustes no válidos", "Settings not valid", "Einstellungen ungültig";
        ValueRejected: "Valor no fiable", "Value not reliable", "Wert nicht verlässlich";
        ValuesAccepted: "Valores otra vez fiables", "Values reliable again", "Werte wieder verlässlich";
        PartFailed: "Falta parte de la respuesta", "Part of the answer missing", "Teil der Antwort fehlt";
        PartRecovered: "Vuelve parte de la respuesta", "Part of the answer is back", "Teil der Antwort wieder da";
        ReadingsLost: "Lecturas perdidas", "Readings lost", "Messwerte verloren";
        ConfigChanged: "Ajustes cambiados", "Settings changed", "Einstellungen geändert";
        Stopped: "Conexión parada", "Connection stopped", "Verbindung beendet";
    }
    TestStage.label {
        Settings: "Ajustes", "Settings", "Einstellungen";
        Address: "Dirección", "Address", "Adresse";
        Port: "Puerto", "Port", "Port";
        Tls: "Conexión segura", "Secure connection", "Sichere Verbindung";
        Login: "Acceso", "Login", "Anmeldung";
        Values: "Valores", "Values", "Werte";
    }
    Role.label {
        Display: "Pantalla", "Display", "Anzeige";
        Staff: "Personal", "Staff", "Personal";
        Admin: "Administrador", "Administrator", "Administrator";
    }
    AlertSeverity.label {
        Info: "Información", "Information", "Information";
        Warning: "Aviso", "Warning", "Warnung";
        Critical: "Crítico", "Critical", "Kritisch";
    }
    Source.label {
        Data: "Datos", "Data", "Daten";
        Status: "Estado", "Status", "Status";
    }
    TimeFormat.label {
        Rfc3339: "2025-01-12T10:30:00Z", "2025-01-12T10:30:00Z", "2025-01-12T10:30:00Z";
        EpochSeconds: "Segundos desde 1970", "Seconds since 1970", "Sekunden seit 1970";
        EpochMillis: "Milisegundos desde 1970", "Milliseconds since 1970", "Millisekunden seit 1970";
        LocalText: "Fecha y hora local", "Local date and time", "Lokale Zeitangabe";
    }
    Metric.label {
        Temperature: "Temperatura", "Temperature", "Temperatur";
        TargetTemperature: "Consigna de temperatura", "Temperature setpoint", "Temperatur-Sollwert";
        Humidity: "Humedad", "Humidity", "Feuchte";
        TargetHumidity: "Consigna de humedad", "Humidity setpoint", "Feuchte-Sollwert";
        EnergyConsumption: "Contador de energía", "Energy meter", "Energiezähler";
        Power: "Potencia", "Power", "Leistung";
        OperationalStatus: "Estado", "State", "Zustand";
        CycleStage: "Fase del ciclo", "Cycle stage", "Zyklusphase";
        CycleProgress: "Progreso del ciclo", "Cycle progress", "Zyklusfortschritt";
        TimeRemaining: "Tiempo restante", "Time left", "Restzeit";
        MotorSpeed: "Velocidad del motor", "Motor speed", "Motordrehzahl";
        DoorStatus: "Puerta", "Door", "Tür";
        SteamLevel: "Vapor", "Steam", "Schwaden";
        ProductWeight: "Peso del producto", "Product weight", "Produktgewicht";
        MoistureContent: "Humedad del producto", "Product moisture", "Produktfeuchte";
        ReadingTime: "Hora de la medición", "Time of measurement", "Messzeitpunkt";
    }
}

impl Lang {
    /// A zone's name as people say it. Ovens name their zones in English or with codes; the common ones are
    /// translated, any other is shown as it is.
    pub fn zone_name(self, zone: &str) -> String {
        const KNOWN: [(&str, [&str; 3]); 16] = [
            ("top", ["Techo", "Top", "Oberhitze"]),
            ("upper", ["Techo", "Top", "Oberhitze"]),
            ("bottom", ["Suelo", "Bottom", "Unterhitze"]),
            ("lower", ["Suelo", "Bottom", "Unterhitze"]),
            ("front", ["Boca", "Front", "Vorne"]),
            ("back", ["Fondo", "Back", "Hinten"]),
            ("rear", ["Fondo", "Back", "Hinten"]),
            ("left", ["Izquierda", "Left", "Links"]),
            ("right", ["Derecha", "Right", "Rechts"]),
            ("middle", ["Centro", "Middle", "Mitte"]),
            ("center", ["Centro", "Middle", "Mitte"]),
            ("centre", ["Centro", "Middle", "Mitte"]),
            ("cabinet", ["Cámara", "Chamber", "Kammer"]),
            ("chamber", ["Cámara", "Chamber", "Kammer"]),
            ("core", ["Núcleo", "Core", "Kern"]),
            ("steam", ["Vapor", "Steam", "Schwaden"]),
        ];
        let zone = zone.trim();
        if let Some((_, names)) = KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(zone)) {
            return names[self as usize].to_owned();
        }
        let mut name = zone.replace('_', " ");
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        name
    }

    /// The name of a mapped value or of a quality issue's field.
    pub fn field_name(self, field: &str) -> String {
        match Target::parse(field) {
            Some(Target::Metric(metric)) => metric.label(self).to_owned(),
            Some(Target::Zone(zone)) => self.zone_name(&zone),
            Some(Target::Additional(name)) => name,
            None => field.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_as_people_say() {
        assert_eq!(Lang::Es.field_name("temperature_zones.top"), "Techo");
        assert_eq!(Lang::De.field_name("power_kw"), "Leistung");
        assert_eq!(Lang::En.zone_name("deck_2"), "Deck 2");
        assert_eq!(Lang::En.field_name("additional_sensors.fan"), "fan");
    }
}
