//! Texts of the frame, login, setup, the list of ovens and error pages.

texts! {
    skip_to_content: "Saltar al contenido", "Skip to content", "Zum Inhalt springen";
    main_navigation: "Navegación principal", "Main navigation", "Hauptnavigation";
    nav_board: "Tablero", "Board", "Übersicht";
    nav_ovens: "Hornos", "Ovens", "Öfen";
    nav_outliers: "Atípicos", "Outliers", "Ausreißer";
    preferences: "Preferencias", "Preferences", "Einstellungen";
    language: "Idioma", "Language", "Sprache";
    appearance: "Aspecto", "Appearance", "Darstellung";
    apply: "Aplicar", "Apply", "Übernehmen";
    log_out: "Cerrar sesión", "Log out", "Abmelden";
    demo_banner: "Demostración: estos hornos son simulados.", "Demo: these ovens are simulated.",
        "Demo: Diese Öfen sind simuliert.";

    notice_oven_saved: "Horno guardado. La conexión usa ya los nuevos ajustes.",
        "Oven saved. The connection uses the new settings now.",
        "Ofen gespeichert. Die Verbindung nutzt jetzt die neuen Einstellungen.";
    notice_oven_disabled: "Horno desactivado. Su historial se conserva.", "Oven switched off. Its history is kept.",
        "Ofen abgeschaltet. Sein Verlauf bleibt erhalten.";
    notice_oven_enabled: "Horno activado. Conectando…", "Oven switched on. Connecting…",
        "Ofen eingeschaltet. Verbindung wird aufgebaut…";
    notice_oven_deleted: "Horno eliminado.", "Oven deleted.", "Ofen gelöscht.";
    notice_outlier_accepted: "Los valores cuentan desde ahora, también en las gráficas.",
        "The values count from now on, in charts too.", "Die Werte zählen ab jetzt, auch in den Diagrammen.";
    notice_outlier_rejected: "Los valores quedan fuera.", "The values stay out.", "Die Werte bleiben außen vor.";
    notice_logged_out: "Sesión cerrada.", "You are logged out.", "Sie sind abgemeldet.";
    notice_preferences_saved: "Preferencias guardadas.", "Preferences saved.", "Einstellungen gespeichert.";

    login_title: "Entrar", "Log in", "Anmelden";
    login_lead: "Hornos conectados, en vivo.", "Connected ovens, live.", "Vernetzte Öfen, live.";
    username: "Usuario", "User name", "Benutzername";
    password: "Contraseña", "Password", "Passwort";
    login_wrong: "El usuario o la contraseña no son correctos.", "User name or password is wrong.",
        "Benutzername oder Passwort ist falsch.";
    login_empty: "Escriba el usuario y la contraseña.", "Enter user name and password.",
        "Geben Sie Benutzername und Passwort ein.";
    demo_logins: "Accesos de la demostración", "Demo logins", "Demo-Zugänge";

    setup_title: "Primer arranque", "First start", "Erster Start";
    setup_lead: "Cree la cuenta del administrador. El código está en la consola donde arrancó Hornero.",
        "Create the administrator's account. The code is on the console where Hornero was started.",
        "Legen Sie das Administratorkonto an. Der Code steht auf der Konsole, auf der Hornero gestartet wurde.";
    setup_code: "Código de la consola", "Code from the console", "Code von der Konsole";
    password_again: "Repita la contraseña", "Repeat the password", "Passwort wiederholen";
    password_help: "Al menos 12 caracteres; una frase se recuerda mejor.",
        "At least 12 characters; a sentence is easier to remember.",
        "Mindestens 12 Zeichen; ein Satz merkt sich leichter.";
    create_account: "Crear cuenta y empezar", "Create account and start", "Konto anlegen und starten";

    admin_ovens_title: "Hornos y conexiones", "Ovens and connections", "Öfen und Verbindungen";
    admin_ovens_lead: "Qué hornos hay y cómo llega Hornero a ellos.", "Which ovens there are, and how Hornero reaches them.",
        "Welche Öfen es gibt und wie Hornero sie erreicht.";
    add_oven: "Añadir horno", "Add oven", "Ofen hinzufügen";
    edit: "Editar", "Edit", "Bearbeiten";
    enable: "Activar", "Switch on", "Einschalten";
    disable: "Desactivar", "Switch off", "Abschalten";
    delete: "Eliminar…", "Delete…", "Löschen…";
    delete_now: "Sí, eliminar con su historial", "Yes, delete with its history", "Ja, samt Verlauf löschen";
    delete_warning: "Se borran también sus lecturas y su registro. No se puede deshacer.",
        "Its readings and its log are deleted too. This cannot be undone.",
        "Auch seine Messwerte und sein Protokoll werden gelöscht. Das lässt sich nicht rückgängig machen.";
    delete_alternative: "Para pausar la conexión y conservar el historial, desactívelo.",
        "To pause the connection and keep the history, switch it off instead.",
        "Um die Verbindung zu pausieren und den Verlauf zu behalten, schalten Sie ihn ab.";
    no_protocol: "Sin conexión configurada", "No connection configured", "Keine Verbindung eingerichtet";
    last_contact: "Último contacto", "Last contact", "Letzter Kontakt";
    never: "nunca", "never", "nie";
    admin_empty: "Tenga a mano la dirección del horno en la red y, si la pide, su contraseña.",
        "Have the oven's network address at hand and, if it asks for one, its password.",
        "Halten Sie die Netzwerkadresse des Ofens bereit und, falls nötig, sein Passwort.";

    outliers_title: "Valores atípicos", "Values that were not believed", "Nicht geglaubte Werte";
    outliers_lead: "Estos valores no pueden ser, o eso parece. Están guardados y no cuentan hasta que alguien diga que eran ciertos.",
        "These values cannot be true, or so it seems. They are kept, and do not count until somebody says that they were real.",
        "Diese Werte können nicht stimmen, so scheint es. Sie sind gespeichert und zählen erst, wenn jemand sagt, dass sie echt waren.";
    outliers_none: "No hay nada que revisar.", "There is nothing to review.", "Es gibt nichts zu prüfen.";
    outliers_more: "Hay más: aparecerán cuando revise estos.", "There are more: they appear as you judge these.",
        "Es gibt mehr: Sie erscheinen, sobald diese beurteilt sind.";
    outliers_judged: "Revisados", "Judged", "Beurteilt";
    it_was_real: "Era cierto", "It was real", "War echt";
    it_was_wrong: "Era un error", "It was wrong", "War falsch";
    no_number: "sin número", "no number", "keine Zahl";

    error_not_found: "Esta página no existe", "This page does not exist", "Diese Seite gibt es nicht";
    error_not_found_text: "Quizá el horno se eliminó, o la dirección está mal escrita.",
        "The oven may have been deleted, or the address is mistyped.",
        "Vielleicht wurde der Ofen gelöscht, oder die Adresse ist falsch geschrieben.";
    error_forbidden: "Su cuenta no permite esto", "Your account does not allow this", "Ihr Konto erlaubt das nicht";
    error_forbidden_text: "Pida a un administrador que lo haga, o entre con otra cuenta.",
        "Ask an administrator to do it, or log in with another account.",
        "Bitten Sie einen Administrator darum, oder melden Sie sich mit einem anderen Konto an.";
    error_wrong_origin: "La petición no vino de esta página", "The request did not come from this page",
        "Die Anfrage kam nicht von dieser Seite";
    error_wrong_origin_text: "No se cambió nada. Vuelva a la página y repita el paso desde ella.",
        "Nothing was changed. Go back to the page and repeat the step from there.",
        "Es wurde nichts geändert. Gehen Sie zur Seite zurück und wiederholen Sie den Schritt dort.";
    error_bad_request: "La petición no se entiende", "The request makes no sense", "Die Anfrage ist unverständlich";
    error_bad_request_text: "No se cambió nada. Vuelva atrás, recargue la página y pruebe otra vez.",
        "Nothing was changed. Go back, reload the page and try again.",
        "Es wurde nichts geändert. Gehen Sie zurück, laden Sie die Seite neu und versuchen Sie es noch einmal.";
    error_too_many: "Demasiados intentos", "Too many attempts", "Zu viele Versuche";
    error_too_many_text: "Espere un minuto y pruebe otra vez.", "Wait a minute and try again.",
        "Warten Sie eine Minute und versuchen Sie es noch einmal.";
    error_internal: "Algo falló en Hornero", "Something failed in Hornero", "In Hornero ist etwas fehlgeschlagen";
    error_internal_text: "No es culpa suya. Los hornos siguen conectados; pruebe otra vez en un momento.",
        "It is not your fault. The ovens stay connected; try again in a moment.",
        "Es liegt nicht an Ihnen. Die Öfen bleiben verbunden; versuchen Sie es gleich noch einmal.";
    go_to_board: "Ir al tablero", "Go to the board", "Zur Übersicht";
    go_to_login: "Entrar con otra cuenta", "Log in with another account", "Mit anderem Konto anmelden";
    request_number: "Si pide ayuda, diga este número:", "If you ask for help, quote this number:",
        "Wenn Sie Hilfe holen, nennen Sie diese Nummer:";
}

phrases! {
    login_wait(time: &str): "Demasiados intentos. Espere {time} y pruebe otra vez.",
        "Too many attempts. Wait {time} and try again.",
        "Zu viele Versuche. Warten Sie {time} und versuchen Sie es noch einmal.";
    every_seconds(seconds: u32): "cada {seconds} s", "every {seconds} s", "alle {seconds} s";
    delete_question(name: &str): "¿Eliminar «{name}»?", "Delete “{name}”?", "„{name}“ löschen?";
    from_to(from: &str, to: &str): "{from} – {to}", "{from} – {to}", "{from} – {to}";
    good_before(value: &str): "Antes: {value}", "Before: {value}", "Davor: {value}";
    accept_named(what: &str): "Era cierto: {what}", "It was real: {what}", "War echt: {what}";
    reject_named(what: &str): "Era un error: {what}", "It was wrong: {what}", "War falsch: {what}";
    edit_named(name: &str): "Editar {name}", "Edit {name}", "{name} bearbeiten";
}

impl super::Lang {
    pub fn readings_count(self, count: u64) -> String {
        match (self, count) {
            (Self::Es, 1) => "1 lectura".to_owned(),
            (Self::Es, _) => format!("{count} lecturas"),
            (Self::En, 1) => "1 reading".to_owned(),
            (Self::En, _) => format!("{count} readings"),
            (Self::De, 1) => "1 Messwert".to_owned(),
            (Self::De, _) => format!("{count} Messwerte"),
        }
    }
}

#[cfg(feature = "ssr")]
use crate::pages::Theme;

#[cfg(feature = "ssr")]
names! {
    Theme.label {
        Auto: "Como el dispositivo", "Like the device", "Wie das Gerät";
        Light: "Claro", "Light", "Hell";
        Dark: "Oscuro", "Dark", "Dunkel";
    }
}
