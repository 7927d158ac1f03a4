//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::{
    fields::{CAPABILITIES, FIELD, TIMEOUT, text},
    rest::{
        fields::{
            AUTH_BEARER, CA_CERTIFICATE, CLIENT_ID, CLIENT_SECRET, NAMED_PATH_HELP, PASSWORD, PROFILE, TOKEN, USERNAME,
            VERIFY_SSL,
        },
        vendor::{DATA_PATH, LOGIN_PATH, SEND_AUTH},
    },
};

pub const TRANSPORT_REST: &str = "rest";
pub const TRANSPORT_OPC_UA: &str = "opc_ua";
pub const API_ACCOUNT: &str = "account";
pub const API_BASE: &str = "base_api";

pub const MANIFEST: Manifest = Manifest {
    id: "rational",
    aliases: &["rational_connected_cooking"],
    name: text("RATIONAL ConnectedCooking", "RATIONAL ConnectedCooking", "RATIONAL ConnectedCooking"),
    description: text(
        "Hornos mixtos iCombi por ConnectedCooking. Lo que el fabricante no documenta es configurable.",
        "iCombi combi steamers through ConnectedCooking. What the manufacturer does not document is configurable.",
        "iCombi-Kombidämpfer über ConnectedCooking. Was der Hersteller nicht dokumentiert, ist einstellbar.",
    ),
    vendor: Some("RATIONAL"),
    delivery: Delivery::Poll,
    default_port: None,
    endpoint_placeholder: "https://www.connectedcooking.com/api/v1",
    fields: &[
        Field {
            key: "transport",
            label: text("Transporte", "Transport", "Übertragung"),
            help: text(
                "OPC UA: como mucho 10 equipos por cuenta, según el fabricante.",
                "OPC UA: at most 10 devices an account, says the manufacturer.",
                "OPC UA: laut Hersteller höchstens 10 Geräte je Konto.",
            ),
            input: FieldInput::Choice {
                options: &[
                    (TRANSPORT_REST, text("REST", "REST", "REST")),
                    (TRANSPORT_OPC_UA, text("OPC UA", "OPC UA", "OPC UA")),
                ],
            },
            default: Some(TRANSPORT_REST),
            guards: true,
            ..FIELD
        },
        Field {
            key: "api",
            label: text("Interfaz", "Interface", "Schnittstelle"),
            help: text(
                "Cuenta: rutas no confirmadas por el fabricante. Base API: registros HACCP y programas, documentados; sin \
                 medidas en vivo.",
                "Account: paths not confirmed by the manufacturer. Base API: HACCP records and programs, documented; no \
                 live measurements.",
                "Konto: Pfade vom Hersteller nicht bestätigt. Base API: HACCP-Protokolle und Programme, dokumentiert; \
                 keine Messwerte in Echtzeit.",
            ),
            input: FieldInput::Choice {
                options: &[
                    (
                        API_ACCOUNT,
                        text(
                            "Cuenta (usuario y contraseña)",
                            "Account (user and password)",
                            "Konto (Benutzer und Passwort)",
                        ),
                    ),
                    (API_BASE, text("Base API (cliente de API)", "Base API (API client)", "Base API (API-Client)")),
                ],
            },
            default: Some(API_ACCOUNT),
            only_when: Some(("transport", &[TRANSPORT_REST])),
            guards: true,
            ..FIELD
        },
        Field {
            key: "server_fingerprint",
            label: text("Huella del servidor", "Server fingerprint", "Fingerabdruck des Servers"),
            help: text(
                "SHA-256 del certificado en el que se confía. La prueba de conexión la muestra.",
                "SHA-256 of the certificate that is trusted. The connection test shows it.",
                "SHA-256 des Zertifikats, dem vertraut wird. Der Verbindungstest zeigt ihn.",
            ),
            input: FieldInput::Text { placeholder: "sha256:…" },
            only_when: Some(("transport", &[TRANSPORT_OPC_UA])),
            ..FIELD
        },
        Field {
            key: "unit_id",
            label: text("Identificador del equipo", "Unit id", "Geräte-ID"),
            help: text(
                "Como lo muestra ConnectedCooking. Obligatorio salvo en la Base API.",
                "As ConnectedCooking shows it. Required except for the Base API.",
                "Wie ConnectedCooking sie zeigt. Pflicht außer bei der Base API.",
            ),
            ..FIELD
        },
        Field {
            key: "group_id",
            label: text("Grupo", "Group", "Gruppe"),
            help: text(
                "groupId de los registros HACCP. Vacío: todos.",
                "groupId of the HACCP records. Empty: all.",
                "groupId der HACCP-Protokolle. Leer: alle.",
            ),
            only_when: Some(("transport", &[TRANSPORT_REST])),
            ..FIELD
        },
        USERNAME,
        PASSWORD,
        Field { only_when: Some(("api", &[API_BASE])), ..CLIENT_ID },
        Field { only_when: Some(("api", &[API_BASE])), ..CLIENT_SECRET },
        Field {
            key: "grant_type",
            label: text("Tipo de concesión", "Grant type", "Grant Type"),
            help: text(
                "No confirmado por el fabricante.",
                "Not confirmed by the manufacturer.",
                "Vom Hersteller nicht bestätigt.",
            ),
            default: Some("client_credentials"),
            only_when: Some(("api", &[API_BASE])),
            ..FIELD
        },
        SEND_AUTH,
        Field { only_when: Some(("auth", &[AUTH_BEARER])), ..TOKEN },
        LOGIN_PATH,
        DATA_PATH,
        PROFILE,
        TIMEOUT,
        VERIFY_SSL,
        CA_CERTIFICATE,
    ],
    mapped: true,
    self_mapping: true,
    path_example: "derived /program",
    path_help: NAMED_PATH_HELP,
    search: &[SearchField::Text { placeholder: "temp" }],
    capabilities: CAPABILITIES,
};
