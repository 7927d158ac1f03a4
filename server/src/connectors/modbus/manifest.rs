//! What an admin is asked for.

use app::model::connector::{Delivery, Field, FieldInput, Manifest, SearchField};

use crate::connectors::fields::{CAPABILITIES, FIELD, TIMEOUT, text};

/// Settings of a serial line.
const SERIAL: Option<(&str, &[&str])> = Some(("transport", &["serial"]));

pub const MANIFEST: Manifest = Manifest {
    id: "modbus",
    aliases: &["modbus_tcp"],
    name: text("Modbus", "Modbus", "Modbus"),
    description: text(
        "Para reguladores y autómatas que ofrecen sus registros por la red, detrás de una pasarela RTU o en una línea serie \
         RS-485 de este equipo.",
        "For controllers and PLCs that offer their registers over the network, behind an RTU gateway, or on an RS-485 serial \
         line of this machine.",
        "Für Regler und Steuerungen, die ihre Register im Netz, hinter einem RTU-Gateway oder an einer seriellen \
         RS-485-Leitung dieses Rechners anbieten.",
    ),
    vendor: None,
    delivery: Delivery::Poll,
    default_port: Some(502),
    endpoint_placeholder: "192.168.1.50",
    fields: &[
        Field {
            key: "transport",
            label: text("Tramas", "Framing", "Rahmen"),
            input: FieldInput::Choice {
                options: &[
                    ("tcp", text("Modbus TCP", "Modbus TCP", "Modbus TCP")),
                    ("rtu_over_tcp", text("RTU sobre TCP", "RTU over TCP", "RTU über TCP")),
                    ("serial", text("RTU en línea serie", "RTU on a serial line", "RTU an serieller Leitung")),
                ],
            },
            help: text(
                "RTU sobre TCP: pasarelas que pasan las tramas serie tal cual. Línea serie: la dirección es el adaptador de \
                 este equipo, por ejemplo /dev/ttyUSB0.",
                "RTU over TCP: gateways that pass serial frames on as they are. Serial line: the address is this machine's \
                 adapter, for example /dev/ttyUSB0.",
                "RTU über TCP: Gateways, die serielle Rahmen unverändert weiterreichen. Serielle Leitung: Die Adresse ist der \
                 Adapter dieses Rechners, zum Beispiel /dev/ttyUSB0.",
            ),
            default: Some("tcp"),
            ..FIELD
        },
        Field {
            key: "baud_rate",
            label: text("Velocidad", "Baud rate", "Baudrate"),
            help: text(
                "Como en todos los reguladores de la línea.",
                "As in all controllers on the line.",
                "Wie in allen Reglern an der Leitung.",
            ),
            input: FieldInput::Number { min: 1_200.0, max: 115_200.0, unit: "Bd" },
            default: Some("9600"),
            only_when: SERIAL,
            ..FIELD
        },
        Field {
            key: "parity",
            label: text("Paridad", "Parity", "Parität"),
            input: FieldInput::Choice {
                options: &[
                    ("none", text("Ninguna", "None", "Keine")),
                    ("even", text("Par", "Even", "Gerade")),
                    ("odd", text("Impar", "Odd", "Ungerade")),
                ],
            },
            default: Some("none"),
            only_when: SERIAL,
            ..FIELD
        },
        Field {
            key: "stop_bits",
            label: text("Bits de parada", "Stop bits", "Stoppbits"),
            input: FieldInput::Choice { options: &[("1", text("1", "1", "1")), ("2", text("2", "2", "2"))] },
            default: Some("1"),
            only_when: SERIAL,
            ..FIELD
        },
        Field {
            key: "unit_id",
            label: text("Número de unidad", "Unit id", "Geräteadresse"),
            help: text(
                "Detrás de una pasarela cada regulador tiene el suyo.",
                "Behind a gateway each controller has its own.",
                "Hinter einem Gateway hat jeder Regler seine eigene.",
            ),
            input: FieldInput::Number { min: 0.0, max: 255.0, unit: "" },
            default: Some("1"),
            ..FIELD
        },
        Field {
            key: "byte_order",
            label: text("Orden de los bytes", "Byte order", "Bytereihenfolge"),
            help: text(
                "De los valores de 32 y 64 bits que no indican otro.",
                "Of 32- and 64-bit values that name no other.",
                "Von 32- und 64-Bit-Werten, die keine andere nennen.",
            ),
            input: FieldInput::Choice {
                options: &[
                    ("abcd", text("AB CD", "AB CD", "AB CD")),
                    ("cdab", text("CD AB", "CD AB", "CD AB")),
                    ("badc", text("BA DC", "BA DC", "BA DC")),
                    ("dcba", text("DC BA", "DC BA", "DC BA")),
                ],
            },
            default: Some("abcd"),
            ..FIELD
        },
        TIMEOUT,
        Field {
            key: "max_gap",
            label: text("Hueco máximo", "Largest gap", "Größte Lücke"),
            help: text(
                "Registros sin usar que se leen para unir dos valores en una pregunta.",
                "Unused registers that are read to join two values in one request.",
                "Ungenutzte Register, die mitgelesen werden, um zwei Werte zusammen abzufragen.",
            ),
            input: FieldInput::Number { min: 0.0, max: 120.0, unit: "" },
            default: Some("8"),
            ..FIELD
        },
        Field {
            key: "max_registers",
            label: text("Registros por pregunta", "Registers per request", "Register je Abfrage"),
            help: text(
                "Algunos reguladores dan pocos a la vez.",
                "Some controllers give only a few at once.",
                "Manche Regler geben nur wenige auf einmal.",
            ),
            input: FieldInput::Number { min: 1.0, max: 125.0, unit: "" },
            default: Some("125"),
            ..FIELD
        },
        Field {
            key: "frame_delay_ms",
            label: text("Pausa entre tramas", "Pause between frames", "Pause zwischen Rahmen"),
            help: text(
                "Para pasarelas que pierden preguntas seguidas.",
                "For gateways that lose requests in quick succession.",
                "Für Gateways, die schnell aufeinanderfolgende Abfragen verlieren.",
            ),
            input: FieldInput::Number { min: 0.0, max: 1_000.0, unit: "ms" },
            default: Some("0"),
            ..FIELD
        },
    ],
    mapped: true,
    self_mapping: false,
    path_example: "holding 1 i16",
    path_help: text(
        "Tabla (holding, input, coil, discrete), dirección desde 0 y tipo (u16, i16, u32, i32, f32, bit N…), con el orden de \
         los bytes si es otro: holding 20 f32 cdab.",
        "Table (holding, input, coil, discrete), address from 0 and type (u16, i16, u32, i32, f32, bit N…), with the byte \
         order where it is another: holding 20 f32 cdab.",
        "Tabelle (holding, input, coil, discrete), Adresse ab 0 und Typ (u16, i16, u32, i32, f32, bit N…), mit der \
         Bytereihenfolge, falls sie abweicht: holding 20 f32 cdab.",
    ),
    search: &[SearchField::Range { from: "holding 0", to: "holding 99" }],
    capabilities: CAPABILITIES,
};
