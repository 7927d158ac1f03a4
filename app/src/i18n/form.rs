//! Texts of the oven form, and what can be wrong with a field.

use super::Lang;
use crate::model::form::Problem;

texts! {
    new_oven: "Nuevo horno", "New oven", "Neuer Ofen";
    section_oven: "El horno", "The oven", "Der Ofen";
    section_oven_help: "Cómo se llama y dónde está. El tablero agrupa por zona del obrador.",
        "What it is called and where it stands. The board groups by area.",
        "Wie er heißt und wo er steht. Die Übersicht gruppiert nach Bereich.";
    section_connection: "La conexión", "The connection", "Die Verbindung";
    section_access: "Acceso", "Access", "Zugang";
    section_access_help: "Se guarda cifrado y no se vuelve a mostrar.", "Kept encrypted and never shown again.",
        "Wird verschlüsselt gespeichert und nie wieder angezeigt.";
    section_test: "Probar", "Test", "Testen";
    section_test_help: "Hornero se conecta una vez y enseña lo que responde el horno. No se guarda nada.",
        "Hornero connects once and shows what the oven answers. Nothing is saved.",
        "Hornero verbindet sich einmal und zeigt, was der Ofen antwortet. Es wird nichts gespeichert.";
    section_mapping: "Los valores", "The values", "Die Werte";
    section_mapping_help: "Dónde está cada valor en la respuesta. La prueba enseña la respuesta para copiar las rutas.",
        "Where each value is in the answer. The test shows the answer to copy the paths from.",
        "Wo jeder Wert in der Antwort steht. Der Test zeigt die Antwort, aus der Sie die Pfade übernehmen.";
    section_advanced: "Más ajustes", "More settings", "Weitere Einstellungen";

    label_name: "Nombre", "Name", "Name";
    label_name_help: "Como lo llaman en el obrador: «Horno 3».", "As the bakery calls it: “Oven 3”.",
        "Wie er in der Backstube heißt: „Ofen 3“.";
    field_location: "Zona del obrador", "Area", "Bereich";
    field_location_help: "Los hornos de la misma zona salen juntos.", "Ovens of the same area are shown together.",
        "Öfen desselben Bereichs stehen beisammen.";
    field_kind: "Tipo", "Kind", "Art";
    field_manufacturer: "Fabricante", "Manufacturer", "Hersteller";
    field_model: "Modelo", "Model", "Modell";
    field_serial: "Número de serie", "Serial number", "Seriennummer";
    field_firmware: "Firmware", "Firmware", "Firmware";
    field_enabled: "Conectar este horno", "Connect this oven", "Diesen Ofen verbinden";
    field_protocol: "Protocolo", "Protocol", "Protokoll";
    field_protocol_apply: "Usar este protocolo", "Use this protocol", "Dieses Protokoll verwenden";
    field_endpoint: "Dirección", "Address", "Adresse";
    field_endpoint_help: "La dirección del horno o de su pasarela en la red.",
        "The oven's address on the network, or that of its gateway.",
        "Die Netzwerkadresse des Ofens oder seines Gateways.";
    field_port: "Puerto", "Port", "Port";
    field_interval: "Consultar cada", "Ask every", "Abfragen alle";
    field_zones: "Zonas de temperatura", "Temperature zones", "Temperaturzonen";
    field_realtime: "Valores en tiempo real", "Live values", "Werte in Echtzeit";
    field_humidity: "Mide la humedad", "Measures humidity", "Misst die Feuchte";
    field_energy: "Mide la energía", "Measures energy", "Misst die Energie";
    field_remote: "Admite control remoto", "Accepts remote control", "Erlaubt Fernsteuerung";
    optional: "opcional", "optional", "optional";
    no_choice: "—", "—", "—";
    secret_stored: "guardado", "stored", "gespeichert";
    secret_keep: "Déjelo vacío para conservar el guardado.", "Leave empty to keep the stored one.",
        "Leer lassen, um den gespeicherten Wert zu behalten.";
    secret_retype: "Por seguridad, escríbalo otra vez.", "For safety, type it again.",
        "Zur Sicherheit bitte noch einmal eingeben.";

    map_target: "Valor", "Value", "Wert";
    map_choose: "Elija un valor…", "Choose a value…", "Wert wählen…";
    map_group_temperature: "Temperaturas", "Temperatures", "Temperaturen";
    map_group_climate: "Humedad y vapor", "Humidity and steam", "Feuchte und Schwaden";
    map_group_cycle: "Estado y ciclo", "State and cycle", "Zustand und Zyklus";
    map_group_energy: "Energía y motor", "Energy and motor", "Energie und Motor";
    map_group_other: "Otros", "Other", "Sonstiges";
    map_zone_option: "Temperatura de una zona", "Temperature of a zone", "Temperatur einer Zone";
    map_additional_option: "Otro sensor", "Another sensor", "Weiterer Sensor";
    map_zone: "Nombre de la zona o sensor", "Name of zone or sensor", "Name der Zone oder des Sensors";
    map_path: "Ruta en la respuesta", "Path in the answer", "Pfad in der Antwort";
    map_unit: "Unidad", "Unit", "Einheit";
    map_unit_stored: "sin convertir", "as it is", "unverändert";
    map_more: "Escala, palabras y más", "Scale, words and more", "Skala, Wörter und mehr";
    map_scale: "Multiplicar por", "Multiply by", "Multiplizieren mit";
    map_offset: "Sumar", "Add", "Addieren";
    map_null: "Significa «sin valor»", "Means “no value”", "Bedeutet „kein Wert“";
    map_words: "Palabras", "Words", "Wörter";
    map_words_help: "palabra del horno = palabra de Hornero, separadas por comas",
        "oven's word = Hornero's word, separated by commas", "Wort des Ofens = Wort von Hornero, durch Komma getrennt";
    map_time_format: "Formato de la hora", "Time format", "Zeitformat";
    map_source: "Respuesta", "Answer", "Antwort";
    map_required: "Imprescindible", "Required", "Erforderlich";
    map_required_help: "Sin este valor se descarta la lectura.", "Without this value the reading is refused.",
        "Ohne diesen Wert wird die Messung verworfen.";
    map_add_row: "Añadir valor", "Add value", "Wert hinzufügen";

    save_oven: "Guardar horno", "Save oven", "Ofen speichern";
    test_connection: "Probar conexión", "Test connection", "Verbindung testen";
    cancel: "Cancelar", "Cancel", "Abbrechen";

    test_ok: "La conexión funciona", "The connection works", "Die Verbindung funktioniert";
    test_failed: "La conexión no funciona todavía", "The connection does not work yet",
        "Die Verbindung funktioniert noch nicht";
    test_values: "Valores leídos", "Values read", "Gelesene Werte";
    test_no_values: "La respuesta llegó, pero ninguna regla encontró un valor.",
        "The answer arrived, but no rule found a value.", "Die Antwort kam an, aber keine Regel fand einen Wert.";
    test_sample: "Respuesta del horno", "The oven's answer", "Antwort des Ofens";
    test_nothing_saved: "Solo fue una prueba: aún no se ha guardado nada.", "Only a test: nothing is saved yet.",
        "Nur ein Test: Es ist noch nichts gespeichert.";
    test_step_ok: "Correcto", "OK", "In Ordnung";
    test_step_failed: "Falló", "Failed", "Fehlgeschlagen";
}

phrases! {
    edit_oven_title(name: &str): "Editar «{name}»", "Edit “{name}”", "„{name}“ bearbeiten";
    map_row(number: usize): "Valor {number}", "Value {number}", "Wert {number}";
    map_remove_row(number: usize): "Quitar el valor {number}", "Remove value {number}", "Wert {number} entfernen";
    fix_errors(count: usize): "Revise lo siguiente ({count})", "Please check the following ({count})",
        "Bitte prüfen Sie Folgendes ({count})";
    default_port(port: u16): "Vacío: {port}", "Empty: {port}", "Leer: {port}";
    range(min: &str, max: &str): "De {min} a {max}", "{min} to {max}", "{min} bis {max}";
    words_allowed(words: &str): "Palabras de Hornero: {words}", "Hornero's words: {words}", "Wörter von Hornero: {words}";
}

impl Lang {
    /// What is wrong with a field, as a whole sentence.
    pub fn problem(self, problem: &Problem) -> String {
        let pick = |es: &str, en: &str, de: &str| {
            match self {
                Self::Es => es,
                Self::En => en,
                Self::De => de,
            }
            .to_owned()
        };
        match problem {
            Problem::Required => pick("Falta este dato.", "This is missing.", "Diese Angabe fehlt."),
            Problem::TooLong { max } => match self {
                Self::Es => format!("Demasiado largo: como máximo {max} caracteres."),
                Self::En => format!("Too long: at most {max} characters."),
                Self::De => format!("Zu lang: höchstens {max} Zeichen."),
            },
            Problem::TooShort { min } => match self {
                Self::Es => format!("Demasiado corto: al menos {min} caracteres."),
                Self::En => format!("Too short: at least {min} characters."),
                Self::De => format!("Zu kurz: mindestens {min} Zeichen."),
            },
            Problem::NotANumber => pick("Escriba un número.", "Enter a number.", "Geben Sie eine Zahl ein."),
            Problem::NotAWholeNumber => {
                pick("Escriba un número entero.", "Enter a whole number.", "Geben Sie eine ganze Zahl ein.")
            }
            Problem::OutOfRange { min, max } => {
                let (min, max) = (self.plain_number(*min), self.plain_number(*max));
                match self {
                    Self::Es => format!("Debe estar entre {min} y {max}."),
                    Self::En => format!("Must be between {min} and {max}."),
                    Self::De => format!("Muss zwischen {min} und {max} liegen."),
                }
            }
            Problem::NotAUrl => pick(
                "Escriba una dirección que empiece por http:// o https://.",
                "Enter an address that starts with http:// or https://.",
                "Geben Sie eine Adresse ein, die mit http:// oder https:// beginnt.",
            ),
            Problem::UnknownChoice => {
                pick("Elija una de las opciones.", "Choose one of the options.", "Wählen Sie eine der Möglichkeiten.")
            }
            Problem::NotAPath { detail } => match self {
                Self::Es => format!("No es una ruta. Use /temp/0 o $.temp[0]. ({detail})"),
                Self::En => format!("Not a path. Use /temp/0 or $.temp[0]. ({detail})"),
                Self::De => format!("Kein Pfad. Verwenden Sie /temp/0 oder $.temp[0]. ({detail})"),
            },
            Problem::NotPairs { allowed } => {
                let allowed = allowed.join(", ");
                match self {
                    Self::Es => format!("Escriba pares a=b. A la derecha vale: {allowed}."),
                    Self::En => format!("Enter pairs a=b. The right side may be: {allowed}."),
                    Self::De => format!("Geben Sie Paare a=b ein. Rechts erlaubt: {allowed}."),
                }
            }
            Problem::WrongUnit => pick(
                "Esta unidad no corresponde al valor.",
                "This unit does not fit the value.",
                "Diese Einheit passt nicht zum Wert.",
            ),
            Problem::NotACertificate => pick(
                "No es un certificado PEM (-----BEGIN CERTIFICATE-----).",
                "Not a PEM certificate (-----BEGIN CERTIFICATE-----).",
                "Kein PEM-Zertifikat (-----BEGIN CERTIFICATE-----).",
            ),
            Problem::Duplicate => pick(
                "Está repetido: cada valor y cada nombre, una sola vez.",
                "A duplicate: each value and each name only once.",
                "Doppelt: jeder Wert und jeder Name nur einmal.",
            ),
            Problem::NoMapping => pick(
                "Indique dónde está al menos un valor.",
                "Say where at least one value is.",
                "Geben Sie an, wo mindestens ein Wert steht.",
            ),
            Problem::Taken => pick("Ya existe.", "Already taken.", "Bereits vergeben."),
            Problem::TooCommon => pick(
                "Esta contraseña es de las primeras que se adivinan.",
                "This password is among the first to be guessed.",
                "Dieses Passwort wird als eines der ersten erraten.",
            ),
            Problem::SameAsUsername => pick(
                "La contraseña no puede ser el usuario.",
                "The password must not be the user name.",
                "Das Passwort darf nicht der Benutzername sein.",
            ),
            Problem::DoesNotMatch => pick(
                "Las dos contraseñas no coinciden.",
                "The two passwords differ.",
                "Die beiden Passwörter stimmen nicht überein.",
            ),
            Problem::WrongCode => pick(
                "El código no es el de la consola.",
                "This is not the code on the console.",
                "Das ist nicht der Code von der Konsole.",
            ),
            Problem::OfOven { name, problem } => {
                // A name may be what is too long.
                let shown: String = name.chars().take(60).collect();
                let problem = self.problem(problem);
                match self {
                    Self::Es => format!("«{shown}»: {problem}"),
                    Self::En => format!("“{shown}”: {problem}"),
                    Self::De => format!("„{shown}“: {problem}"),
                }
            }
            Problem::Other { detail } => detail.clone(),
        }
    }

    /// A limit without needless decimals.
    pub fn plain_number(self, value: f64) -> String {
        self.number(value, usize::from(value.fract().abs() > 1e-9))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_say_the_limits() {
        let problem = Problem::OutOfRange { min: 1.0, max: 86_400.0 };
        assert_eq!(Lang::Es.problem(&problem), "Debe estar entre 1 y 86\u{202f}400.");
        assert_eq!(Lang::De.problem(&Problem::OutOfRange { min: 0.5, max: 2.0 }), "Muss zwischen 0,5 und 2 liegen.");
        assert_eq!(Lang::En.problem(&Problem::TooShort { min: 12 }), "Too short: at least 12 characters.");
        let of_oven = Problem::OfOven { name: "Combi2".to_owned(), problem: Box::new(Problem::Required) };
        assert_eq!(Lang::De.problem(&of_oven), "„Combi2“: Diese Angabe fehlt.");
    }
}
