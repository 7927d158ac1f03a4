//! Texts of the board and the oven page.

texts! {
    board_title: "Tablero", "Board", "Übersicht";
    summary: "Resumen", "Summary", "Zusammenfassung";
    all_ovens: "Todos", "All", "Alle";
    tile_running: "En marcha", "Running", "In Betrieb";
    tile_alerts: "Con avisos", "Need attention", "Mit Hinweisen";
    tile_silent: "Sin datos recientes", "No recent data", "Ohne aktuelle Daten";
    tile_power: "Potencia ahora", "Power now", "Leistung jetzt";
    areas: "Zonas del obrador", "Areas", "Bereiche";
    all_areas: "Todo el obrador", "Whole bakery", "Ganze Bäckerei";
    no_area: "Sin zona", "No area", "Ohne Bereich";
    nothing_matches: "Ningún horno coincide con el filtro.", "No oven matches the filter.",
        "Kein Ofen passt zum Filter.";
    show_all: "Ver todos los hornos", "Show all ovens", "Alle Öfen zeigen";
    empty_title: "Aún no hay hornos", "No ovens yet", "Noch keine Öfen";
    empty_admin: "Conecte el primero: en unos minutos verá aquí su temperatura en vivo.",
        "Connect the first one: its live temperature shows here within minutes.",
        "Verbinden Sie den ersten: In wenigen Minuten sehen Sie hier seine Temperatur live.";
    empty_staff: "Pida a un administrador que conecte el primer horno.",
        "Ask an administrator to connect the first oven.",
        "Bitten Sie einen Administrator, den ersten Ofen zu verbinden.";
    add_first_oven: "Añadir el primer horno", "Add the first oven", "Ersten Ofen hinzufügen";

    link_connecting: "Conectando con Hornero…", "Connecting to Hornero…", "Verbindung zu Hornero wird aufgebaut…";
    link_live: "En vivo", "Live", "Live";
    link_lost: "Sin conexión con Hornero", "No connection to Hornero", "Keine Verbindung zu Hornero";

    temperature: "Temperatura", "Temperature", "Temperatur";
    setpoint: "Consigna", "Setpoint", "Sollwert";
    at_setpoint: "en consigna", "at setpoint", "am Sollwert";
    above_setpoint: "sobre la consigna", "above setpoint", "über Sollwert";
    below_setpoint: "bajo la consigna", "below setpoint", "unter Sollwert";
    no_setpoint: "sin consigna", "no setpoint", "ohne Sollwert";
    zones: "Zonas", "Zones", "Zonen";
    stage: "Fase", "Stage", "Phase";
    progress: "Progreso del ciclo", "Cycle progress", "Fortschritt";
    time_left: "Tiempo restante", "Time left", "Restzeit";
    left: "restan", "left", "übrig";
    humidity: "Humedad", "Humidity", "Feuchte";
    steam: "Vapor", "Steam", "Schwaden";
    power: "Potencia", "Power", "Leistung";
    energy: "Energía (contador)", "Energy (meter)", "Energie (Zähler)";
    door: "Puerta", "Door", "Tür";
    measured: "Medido", "Measured", "Gemessen";
    no_values_yet: "Aún no ha llegado ningún valor.", "No value has arrived yet.", "Noch kein Wert eingetroffen.";
    switched_off: "Un administrador desactivó la conexión.", "An administrator switched the connection off.",
        "Ein Administrator hat die Verbindung abgeschaltet.";
    stale_help: "El valor puede haber cambiado: no llega nada nuevo del horno.",
        "The value may have changed: nothing new arrives from the oven.",
        "Der Wert kann sich geändert haben: Vom Ofen kommt nichts Neues.";
    last_value: "último valor", "last value", "letzter Wert";

    faults: "Averías que comunica el horno", "Faults that the oven reports", "Störungen, die der Ofen meldet";
    in_detail: "Valores", "Values", "Werte";
    value: "Valor", "Value", "Wert";
    quality: "Calidad", "Quality", "Qualität";
    cycle: "Ciclo", "Cycle", "Zyklus";
    no_cycle: "El horno no informa de ningún ciclo.", "The oven reports no cycle.", "Der Ofen meldet keinen Zyklus.";
    trend: "Últimos 30 minutos", "Last 30 minutes", "Letzte 30 Minuten";
    trend_empty: "La curva se dibuja en cuanto lleguen valores.", "The curve is drawn as soon as values arrive.",
        "Die Kurve erscheint, sobald Werte eintreffen.";
    now_mark: "ahora", "now", "jetzt";
    back_to_board: "Volver al tablero", "Back to the board", "Zurück zur Übersicht";
    download_day: "Descargar 24 h (CSV)", "Download 24 h (CSV)", "24 h herunterladen (CSV)";
    edit_oven: "Editar", "Edit", "Bearbeiten";
    connection: "Conexión", "Connection", "Verbindung";
    connection_health: "Salud de la conexión", "Connection health", "Zustand der Verbindung";
    uptime: "Conectado", "Connected", "Verbunden";
    uptime_help: "del tiempo desde el arranque", "of the time since the start", "der Zeit seit dem Start";
    latency: "Respuesta", "Response", "Antwortzeit";
    latency_help: "mediana · 95 %", "median · 95 %", "Median · 95 %";
    failures_in_a_row: "Fallos seguidos", "Failures in a row", "Fehler in Folge";
    polls: "Consultas", "Polls", "Abfragen";
    next_attempt: "Próximo intento", "Next attempt", "Nächster Versuch";
    last_error: "Último error", "Last error", "Letzter Fehler";
    what_to_do: "Qué hacer", "What to do", "Was tun";
    technical_detail: "Detalle técnico", "Technical detail", "Technisches Detail";
    no_errors: "Sin errores desde el arranque.", "No errors since the start.", "Keine Fehler seit dem Start.";
    connection_log: "Registro de la conexión", "Connection log", "Verbindungsprotokoll";
    log_time: "Hora", "Time", "Zeit";
    log_event: "Suceso", "Event", "Ereignis";
    log_detail: "Detalle", "Detail", "Detail";
    log_response: "Respuesta", "Response", "Antwort";
    log_empty: "Todavía no hay sucesos.", "No events yet.", "Noch keine Ereignisse.";
    log_note: "Detalles técnicos en inglés, sin contraseñas.", "Without passwords.",
        "Technische Details auf Englisch, ohne Passwörter.";
    in_time: "a tiempo", "on time", "pünktlich";
}

phrases! {
    link_reconnecting(attempt: u32, seconds: i64):
        "Sin conexión con Hornero. Reintentando en {seconds} s (intento {attempt})…",
        "No connection to Hornero. Retrying in {seconds} s (attempt {attempt})…",
        "Keine Verbindung zu Hornero. Neuer Versuch in {seconds} s (Versuch {attempt})…";
    since(time: &str): "desde las {time}", "since {time}", "seit {time}";
    no_contact_since(time: &str): "Sin contacto desde las {time}", "No contact since {time}", "Kein Kontakt seit {time}";
    no_new_data_since(time: &str): "Sin datos nuevos desde las {time}", "No new data since {time}",
        "Keine neuen Daten seit {time}";
    ovens_count(count: usize): "Hornos: {count}", "Ovens: {count}", "Öfen: {count}";
    trend_summary(low: &str, high: &str):
        "Temperatura de los últimos 30 minutos, entre {low} y {high} °C.",
        "Temperature of the last 30 minutes, between {low} and {high} °C.",
        "Temperatur der letzten 30 Minuten, zwischen {low} und {high} °C.";
    of_setpoint(value: &str): "de {value} °C", "of {value} °C", "von {value} °C";
    log_points(count: u32): "{count} valores", "{count} values", "{count} Werte";
}
