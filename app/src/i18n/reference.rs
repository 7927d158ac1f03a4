//! Texts around the reference of the API, which is in English itself.

texts! {
    reference_title: "API", "API", "API";
    reference_lead: "Todo lo que un programa puede pedir. El texto está en inglés. Para programas:",
        "All that a program can ask for. For programs:",
        "Alles, was ein Programm abfragen kann. Der Text ist auf Englisch. Für Programme:";
    reference_contents: "Contenido", "Contents", "Inhalt";
    reference_types: "Tipos", "Types", "Typen";
}
