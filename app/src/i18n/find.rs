//! Texts of the search for machines and values.

texts! {
    section_find: "Buscar valores", "Find values", "Werte finden";
    section_find_help: "Hornero mira qué hay en esa dirección y propone qué es cada cosa. Solo lee; no cambia nada.",
        "Hornero looks at what there is at this address and proposes what each thing is. It only reads and changes nothing.",
        "Hornero sieht nach, was es unter dieser Adresse gibt, und schlägt vor, was es ist. Es liest nur und ändert nichts.";
    find_text: "Que contenga", "Containing", "Enthält";
    find_text_help: "Parte del nombre o de la ruta; vacío lo enseña todo.",
        "Part of the name or the path; empty shows everything.", "Teil des Namens oder Pfads; leer zeigt alles.";
    find_seconds: "Escuchar durante", "Listen for", "Zuhören";
    find_seconds_help: "Más tiempo encuentra también lo que se envía pocas veces.",
        "A longer time also finds what is sent rarely.", "Länger findet auch, was selten gesendet wird.";
    find_from: "Desde", "From", "Von";
    find_to: "Hasta", "To", "Bis";
    find_now: "Buscar", "Search", "Suchen";
    find_again: "Buscar otra vez", "Search again", "Erneut suchen";
    find_failed: "No se pudo buscar", "The search failed", "Die Suche ist fehlgeschlagen";
    find_nothing: "No se encontró nada", "Nothing was found", "Nichts gefunden";
    find_nothing_text: "El horno contesta, pero aquí no hay valores. Amplíe la búsqueda, o compruebe la dirección.",
        "The oven answers, but there are no values here. Widen the search, or check the address.",
        "Der Ofen antwortet, aber hier gibt es keine Werte. Erweitern Sie die Suche oder prüfen Sie die Adresse.";
    find_truncated: "Hay más de lo que cabe en la lista: acote la búsqueda para ver el resto.",
        "There is more than the list holds: narrow the search to see the rest.",
        "Es gibt mehr, als die Liste fasst: Grenzen Sie die Suche ein, um den Rest zu sehen.";
    found_machines: "Máquinas reconocidas", "Recognised machines", "Erkannte Maschinen";
    found_machines_help: "Hornero sabe leerlas sin mapeo.", "Hornero can read them without a mapping.",
        "Hornero kann sie ohne Zuordnung lesen.";
    use_machine: "Usar esta máquina", "Use this machine", "Diese Maschine verwenden";
    machine_in_use: "Elegida", "Chosen", "Ausgewählt";
    machine_select: "Añadir como horno", "Add as an oven", "Als Ofen hinzufügen";
    add_machines: "Añadir las marcadas como hornos", "Add the selected ones as ovens", "Markierte als Öfen hinzufügen";
    add_machines_help: "Cada máquina marcada será un horno con su nombre, con esta conexión y este acceso.",
        "Each selected machine becomes an oven of its name, with this connection and this access.",
        "Jede markierte Maschine wird ein Ofen mit ihrem Namen, mit dieser Verbindung und diesem Zugang.";
    found_values: "Valores encontrados", "Values found", "Gefundene Werte";
    found_name: "Nombre y ruta", "Name and path", "Name und Pfad";
    found_now: "Ahora", "Now", "Jetzt";
    found_as: "Añadir como", "Add as", "Hinzufügen als";
    found_reading: "Leer como", "Read as", "Lesen als";
    found_plausible: "verosímil", "plausible", "plausibel";
    found_mapped: "Ya está en la lista", "Already in the list", "Schon in der Liste";
    found_top: "Inicio", "Top", "Anfang";
    found_place: "Dónde está", "Where you are", "Wo Sie sind";
    open_folder: "Abrir", "Open", "Öffnen";
    add_found: "Añadir los marcados a los valores", "Add selected to the values", "Markierte zu den Werten hinzufügen";
    add_found_none: "Marque al menos uno.", "Select at least one.", "Markieren Sie mindestens einen.";
    self_mapping: "Sin reglas aquí, Hornero usa el perfil propio de la máquina. Añada una solo para lo que falte.",
        "Without a mapping Hornero uses the machine's own profile. Add a rule only for what is missing.",
        "Ohne Zuordnung nutzt Hornero das eigene Profil der Maschine. Fügen Sie nur hinzu, was fehlt.";
}

phrases! {
    open_named(name: &str): "Abrir {name}", "Open {name}", "{name} öffnen";
    select_named(name: &str): "Marcar {name}", "Select {name}", "{name} markieren";
    found_count(count: usize): "{count} encontrados", "{count} found", "{count} gefunden";
}
