//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::fields::{CAPABILITIES, FIELD, TIMEOUT, text};

pub const MANIFEST: Manifest = Manifest {
    id: "mqtt",
    aliases: &["mqtts"],
    name: text("MQTT", "MQTT", "MQTT"),
    description: text(
        "Para hornos, sensores y pasarelas que publican en un broker: JSON, números o Sparkplug B.",
        "For ovens, sensors and gateways that publish to a broker: JSON, plain numbers or Sparkplug B.",
        "Für Öfen, Sensoren und Gateways, die an einen Broker senden: JSON, einfache Zahlen oder Sparkplug B.",
    ),
    vendor: None,
    delivery: Delivery::Push,
    default_port: Some(1883),
    endpoint_placeholder: "mqtt://192.168.1.10",
    fields: &[
        Field {
            key: "payload",
            label: text("Contenido", "Payload", "Inhalt"),
            input: FieldInput::Choice {
                options: &[
                    ("json", text("JSON, números o palabras", "JSON, numbers or words", "JSON, Zahlen oder Wörter")),
                    ("sparkplug_b", text("Sparkplug B", "Sparkplug B", "Sparkplug B")),
                ],
            },
            default: Some("json"),
            ..FIELD
        },
        Field {
            key: "group_id",
            label: text("Grupo", "Group id", "Gruppe"),
            only_when: Some(("payload", &["sparkplug_b"])),
            ..FIELD
        },
        Field {
            key: "edge_node_id",
            label: text("Nodo", "Edge node id", "Knoten"),
            only_when: Some(("payload", &["sparkplug_b"])),
            ..FIELD
        },
        Field {
            key: "device_id",
            label: text("Dispositivo", "Device id", "Gerät"),
            help: text(
                "Vacío: los valores del propio nodo.",
                "Empty: the values of the node itself.",
                "Leer: die Werte des Knotens selbst.",
            ),
            only_when: Some(("payload", &["sparkplug_b"])),
            ..FIELD
        },
        Field {
            key: "availability_topic",
            label: text("Tema de disponibilidad", "Availability topic", "Verfügbarkeits-Topic"),
            help: text(
                "Donde el horno, o su última voluntad, dice que está o no.",
                "Where the oven, or its last will, says whether it is there.",
                "Wo der Ofen oder sein letzter Wille meldet, ob er da ist.",
            ),
            input: FieldInput::Text { placeholder: "tele/oven1/LWT" },
            only_when: Some(("payload", &["json"])),
            ..FIELD
        },
        Field {
            key: "offline_payload",
            label: text("Palabra de ausencia", "Word for away", "Wort für abwesend"),
            help: text(
                "Tasmota: Offline. Zigbee2MQTT: offline. Shelly: false.",
                "Tasmota: Offline. Zigbee2MQTT: offline. Shelly: false.",
                "Tasmota: Offline. Zigbee2MQTT: offline. Shelly: false.",
            ),
            default: Some("offline"),
            only_when: Some(("payload", &["json"])),
            ..FIELD
        },
        Field { key: "username", label: text("Usuario", "User", "Benutzer"), secret: true, ..FIELD },
        Field { key: "password", label: text("Contraseña", "Password", "Passwort"), secret: true, ..FIELD },
        Field {
            key: "version",
            label: text("Versión", "Version", "Version"),
            input: FieldInput::Choice {
                options: &[
                    ("3.1.1", text("MQTT 3.1.1", "MQTT 3.1.1", "MQTT 3.1.1")),
                    ("5", text("MQTT 5", "MQTT 5", "MQTT 5")),
                ],
            },
            default: Some("3.1.1"),
            ..FIELD
        },
        Field {
            key: "tls",
            label: text("Cifrado (TLS)", "Encryption (TLS)", "Verschlüsselung (TLS)"),
            help: text(
                "También con mqtts:// en la dirección; el puerto es entonces 8883.",
                "Also by mqtts:// in the address; the port is 8883 then.",
                "Auch durch mqtts:// in der Adresse; der Port ist dann 8883.",
            ),
            input: FieldInput::Flag,
            guards: true,
            ..FIELD
        },
        Field {
            key: "verify_ssl",
            label: text("Comprobar el certificado", "Check the certificate", "Zertifikat prüfen"),
            help: text(
                "Sin comprobar, la contraseña llega a cualquiera que responda.",
                "Unchecked, the password goes to whoever answers.",
                "Ungeprüft geht das Passwort an jeden, der antwortet.",
            ),
            input: FieldInput::Flag,
            default: Some("true"),
            guards: true,
            ..FIELD
        },
        Field {
            key: "ca_certificate",
            label: text("Autoridad propia", "Own authority", "Eigene Zertifizierungsstelle"),
            help: text(
                "Certificado de la autoridad que firmó el del broker, en PEM. Vacío: las del sistema.",
                "Certificate of the authority that signed the broker's, in PEM. Empty: those of the system.",
                "Zertifikat der Stelle, die das des Brokers signiert hat, als PEM. Leer: die des Systems.",
            ),
            input: FieldInput::LongText { placeholder: "-----BEGIN CERTIFICATE-----" },
            guards: true,
            ..FIELD
        },
        Field {
            key: "client_certificate",
            label: text("Certificado de cliente", "Client certificate", "Client-Zertifikat"),
            help: text(
                "En PEM, si el broker lo pide.",
                "In PEM, where the broker asks for one.",
                "Als PEM, wenn der Broker eines verlangt.",
            ),
            input: FieldInput::LongText { placeholder: "-----BEGIN CERTIFICATE-----" },
            ..FIELD
        },
        Field {
            key: "client_key",
            label: text("Clave del cliente", "Client key", "Client-Schlüssel"),
            help: text("En PEM.", "In PEM.", "Als PEM."),
            input: FieldInput::LongText { placeholder: "-----BEGIN PRIVATE KEY-----" },
            secret: true,
            ..FIELD
        },
        TIMEOUT,
        Field {
            key: "keep_alive",
            label: text("Señal de vida", "Keep alive", "Lebenszeichen"),
            help: text(
                "Un broker que no responde se nota en el doble de este tiempo.",
                "A broker that does not answer is noticed within twice this time.",
                "Ein Broker, der nicht antwortet, fällt in der doppelten Zeit auf.",
            ),
            input: FieldInput::Number { min: 1.0, max: 3_600.0, unit: "s" },
            default: Some("30"),
            ..FIELD
        },
        Field {
            key: "qos",
            label: text("Calidad de servicio", "Quality of service", "Dienstgüte"),
            help: text(
                "1: cada mensaje se confirma cuando está guardado. 0: sin confirmar.",
                "1: each message is acknowledged once it is stored. 0: without acknowledgement.",
                "1: jede Nachricht wird bestätigt, sobald sie gespeichert ist. 0: ohne Bestätigung.",
            ),
            input: FieldInput::Number { min: 0.0, max: 1.0, unit: "" },
            default: Some("1"),
            ..FIELD
        },
        Field {
            key: "persistent_session",
            label: text("Sesión persistente", "Persistent session", "Dauerhafte Sitzung"),
            help: text(
                "El broker guarda los mensajes mientras Hornero no está.",
                "The broker keeps messages while Hornero is away.",
                "Der Broker hebt Nachrichten auf, während Hornero weg ist.",
            ),
            input: FieldInput::Flag,
            ..FIELD
        },
        Field {
            key: "value_lifetime",
            label: text("Vida de un valor", "Lifetime of a value", "Lebensdauer eines Werts"),
            help: text(
                "Un valor más viejo ya no entra en las lecturas. Vacío: diez intervalos, al menos 60 s.",
                "An older value is left out of readings. Empty: ten intervals, at least 60 s.",
                "Ein älterer Wert fehlt in den Messwerten. Leer: zehn Intervalle, mindestens 60 s.",
            ),
            input: FieldInput::Number { min: 1.0, max: 86_400.0, unit: "s" },
            ..FIELD
        },
        Field {
            key: "client_id",
            label: text("Identificador de cliente", "Client id", "Client-Kennung"),
            help: text(
                "Vacío: uno propio de este horno. Dos clientes con el mismo se echan el uno al otro.",
                "Empty: one of this oven's own. Two clients with the same one throw each other out.",
                "Leer: eine eigene für diesen Ofen. Zwei Clients mit derselben werfen sich gegenseitig hinaus.",
            ),
            ..FIELD
        },
        Field {
            key: "will_topic",
            label: text("Tema de última voluntad", "Last will topic", "Topic des letzten Willens"),
            help: text(
                "Donde el broker dice que Hornero se ha ido.",
                "Where the broker says that Hornero is gone.",
                "Wo der Broker meldet, dass Hornero weg ist.",
            ),
            ..FIELD
        },
        Field {
            key: "will_payload",
            label: text("Última voluntad", "Last will", "Letzter Wille"),
            default: Some("offline"),
            ..FIELD
        },
    ],
    mapped: true,
    self_mapping: false,
    path_example: "bakery/oven1/state /temp",
    path_help: text(
        "Tema (con + y #) y, si el mensaje es JSON, la ruta dentro: bakery/horno1/estado /temp. En Sparkplug B, el nombre de \
         la métrica.",
        "Topic (with + and #) and, where the message is JSON, the path in it: bakery/oven1/state /temp. In Sparkplug B, the \
         name of the metric.",
        "Topic (mit + und #) und, wenn die Nachricht JSON ist, der Pfad darin: bakery/ofen1/status /temp. Bei Sparkplug B \
         der Name der Metrik.",
    ),
    search: &[SearchField::Seconds { default: 5.0 }, SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
