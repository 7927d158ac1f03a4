//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::fields::{CAPABILITIES, FIELD, TIMEOUT, text};

pub const MANIFEST: Manifest = Manifest {
    id: "opc_ua",
    aliases: &["opcua"],
    name: text("OPC UA", "OPC UA", "OPC UA"),
    description: text(
        "Para hornos y autómatas con servidor OPC UA. Los de OPC 30200 y Weihenstephan se reconocen solos.",
        "For ovens and PLCs with an OPC UA server. OPC 30200 and Weihenstephan machines are recognised by themselves.",
        "Für Öfen und Steuerungen mit OPC-UA-Server. Maschinen nach OPC 30200 und Weihenstephan werden selbst erkannt.",
    ),
    vendor: None,
    delivery: Delivery::Push,
    default_port: Some(4840),
    endpoint_placeholder: "opc.tcp://192.168.1.60:4840",
    fields: &[
        Field {
            key: "machine",
            label: text("Máquina", "Machine", "Maschine"),
            help: text(
                "Su nombre en el servidor. Vacío si solo hay una, o si la asignación nombra los nodos.",
                "Its name on the server. Empty where there is only one, or where the mapping names the nodes.",
                "Ihr Name auf dem Server. Leer, wenn es nur eine gibt oder die Zuordnung die Knoten nennt.",
            ),
            input: FieldInput::Text { placeholder: "DeckOven01" },
            ..FIELD
        },
        Field {
            key: "chamber",
            label: text("Cámara", "Chamber", "Kammer"),
            help: text(
                "Número de la cámara si cada una es un horno aquí. Vacío: todas.",
                "Number of the chamber where each one is an oven here. Empty: all of them.",
                "Nummer der Kammer, wenn jede hier ein Ofen ist. Leer: alle.",
            ),
            input: FieldInput::Number { min: 0.0, max: 64.0, unit: "" },
            ..FIELD
        },
        Field {
            key: "login",
            label: text("Inicio de sesión", "Login", "Anmeldung"),
            help: text(
                "Automático: con usuario y contraseña si están puestos.",
                "Automatic: with user and password where they are given.",
                "Automatisch: mit Benutzer und Passwort, wenn sie angegeben sind.",
            ),
            input: FieldInput::Choice {
                options: &[
                    ("auto", text("Automático", "Automatic", "Automatisch")),
                    ("anonymous", text("Anónimo", "Anonymous", "Anonym")),
                    ("password", text("Usuario y contraseña", "User and password", "Benutzer und Passwort")),
                    ("certificate", text("Certificado", "Certificate", "Zertifikat")),
                ],
            },
            default: Some("auto"),
            guards: true,
            ..FIELD
        },
        Field {
            key: "username",
            label: text("Usuario", "User", "Benutzer"),
            secret: true,
            only_when: Some(("login", &["auto", "password"])),
            ..FIELD
        },
        Field {
            key: "password",
            label: text("Contraseña", "Password", "Passwort"),
            secret: true,
            only_when: Some(("login", &["auto", "password"])),
            ..FIELD
        },
        Field {
            key: "user_certificate",
            label: text("Certificado de usuario", "User certificate", "Benutzerzertifikat"),
            help: text("En PEM.", "In PEM.", "Als PEM."),
            input: FieldInput::LongText { placeholder: "-----BEGIN CERTIFICATE-----" },
            secret: true,
            only_when: Some(("login", &["certificate"])),
            ..FIELD
        },
        Field {
            key: "user_key",
            label: text("Clave del certificado", "Key of the certificate", "Schlüssel des Zertifikats"),
            help: text("En PEM (PKCS #8).", "In PEM (PKCS #8).", "Als PEM (PKCS #8)."),
            input: FieldInput::LongText { placeholder: "-----BEGIN PRIVATE KEY-----" },
            secret: true,
            only_when: Some(("login", &["certificate"])),
            ..FIELD
        },
        Field {
            key: "security_policy",
            label: text("Política de seguridad", "Security policy", "Sicherheitsrichtlinie"),
            help: text(
                "Automático: la más fuerte que ofrezca el servidor y de la que se confíe.",
                "Automatic: the strongest that the server offers and that is trusted.",
                "Automatisch: die stärkste, die der Server anbietet und der vertraut wird.",
            ),
            input: FieldInput::Choice {
                options: &[
                    ("auto", text("Automático", "Automatic", "Automatisch")),
                    ("none", text("Ninguna", "None", "Keine")),
                    ("basic256sha256", text("Basic256Sha256", "Basic256Sha256", "Basic256Sha256")),
                    (
                        "aes128_sha256_rsaoaep",
                        text("Aes128_Sha256_RsaOaep", "Aes128_Sha256_RsaOaep", "Aes128_Sha256_RsaOaep"),
                    ),
                    (
                        "aes256_sha256_rsapss",
                        text("Aes256_Sha256_RsaPss", "Aes256_Sha256_RsaPss", "Aes256_Sha256_RsaPss"),
                    ),
                ],
            },
            default: Some("auto"),
            guards: true,
            ..FIELD
        },
        Field {
            key: "security_mode",
            label: text("Modo de seguridad", "Security mode", "Sicherheitsmodus"),
            input: FieldInput::Choice {
                options: &[
                    ("auto", text("Automático", "Automatic", "Automatisch")),
                    ("none", text("Sin seguridad", "No security", "Ohne Sicherheit")),
                    ("sign", text("Firmar", "Sign", "Signieren")),
                    ("sign_and_encrypt", text("Firmar y cifrar", "Sign and encrypt", "Signieren und verschlüsseln")),
                ],
            },
            default: Some("auto"),
            guards: true,
            ..FIELD
        },
        Field {
            key: "server_fingerprint",
            label: text("Huella del servidor", "Server fingerprint", "Fingerabdruck des Servers"),
            help: text(
                "SHA-256 del certificado en el que se confía. La prueba de conexión la muestra: compárela con la del servidor.",
                "SHA-256 of the certificate that is trusted. The connection test shows it: compare it with the server's.",
                "SHA-256 des Zertifikats, dem vertraut wird. Der Verbindungstest zeigt ihn: mit dem des Servers vergleichen.",
            ),
            input: FieldInput::Text { placeholder: "sha256:…" },
            ..FIELD
        },
        Field {
            key: "delivery",
            label: text("Lectura", "Reading", "Lesen"),
            help: text(
                "Suscripción: el servidor envía los cambios. Preguntar: para servidores que no saben.",
                "Subscription: the server sends changes. Asking: for servers that cannot.",
                "Abonnement: der Server sendet Änderungen. Abfragen: für Server, die es nicht können.",
            ),
            input: FieldInput::Choice {
                options: &[
                    ("subscribe", text("Suscripción", "Subscription", "Abonnement")),
                    ("poll", text("Preguntar", "Asking", "Abfragen")),
                ],
            },
            default: Some("subscribe"),
            ..FIELD
        },
        TIMEOUT,
        Field {
            key: "publishing_interval_ms",
            label: text("Intervalo de envío", "Publishing interval", "Sendeintervall"),
            help: text(
                "Cada cuánto junta el servidor los cambios. Vacío: la mitad del intervalo, como mucho 1 s.",
                "How often the server sends the changes that it gathered. Empty: half the interval, at most 1 s.",
                "Wie oft der Server gesammelte Änderungen sendet. Leer: das halbe Intervall, höchstens 1 s.",
            ),
            input: FieldInput::Number { min: 10.0, max: 60_000.0, unit: "ms" },
            only_when: Some(("delivery", &["subscribe"])),
            ..FIELD
        },
        Field {
            key: "queue_size",
            label: text("Cambios en cola", "Queued changes", "Änderungen in der Warteschlange"),
            help: text(
                "Cuántos cambios de un valor guarda el servidor entre dos envíos.",
                "How many changes of one value the server keeps between two notifications.",
                "Wie viele Änderungen eines Werts der Server zwischen zwei Sendungen behält.",
            ),
            input: FieldInput::Number { min: 1.0, max: 1_000.0, unit: "" },
            default: Some("10"),
            only_when: Some(("delivery", &["subscribe"])),
            ..FIELD
        },
        Field {
            key: "deadband",
            label: text("Banda muerta", "Deadband", "Totband"),
            help: text(
                "Cambios menores no se envían; en la unidad del valor. 0: todos.",
                "Smaller changes are not sent; in the value's own unit. 0: all of them.",
                "Kleinere Änderungen werden nicht gesendet; in der Einheit des Werts. 0: alle.",
            ),
            input: FieldInput::Number { min: 0.0, max: 1_000.0, unit: "" },
            default: Some("0"),
            only_when: Some(("delivery", &["subscribe"])),
            ..FIELD
        },
        Field {
            key: "history",
            label: text("Rellenar huecos", "Fill gaps", "Lücken füllen"),
            help: text(
                "Tras un corte, leer del servidor lo que guardó mientras tanto.",
                "After an interruption, read what the server kept meanwhile.",
                "Nach einer Unterbrechung lesen, was der Server inzwischen aufbewahrt hat.",
            ),
            input: FieldInput::Flag,
            default: Some("true"),
            ..FIELD
        },
    ],
    mapped: true,
    self_mapping: true,
    path_example: "DeviceSet/Oven1/Temperature",
    path_help: text(
        "Nombres desde Objects separados por / (DeviceSet/Horno1/Temperatura), o un NodeId: nsu=http://fabricante/;s=Temp o \
         ns=2;i=1042. Sin asignación se usa el perfil de la máquina.",
        "Names from Objects separated by / (DeviceSet/Oven1/Temperature), or a node id: nsu=http://maker/;s=Temp or \
         ns=2;i=1042. Without a mapping the machine's own profile is used.",
        "Namen ab Objects, getrennt durch / (DeviceSet/Ofen1/Temperatur), oder eine NodeId: nsu=http://hersteller/;s=Temp \
         oder ns=2;i=1042. Ohne Zuordnung gilt das Profil der Maschine.",
    ),
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
