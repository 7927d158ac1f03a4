//! How a node is written in a mapping.
//!
//! Either a node id, `nsu=http://vendor.example/;s=Oven1.Temp` (by the namespace's name, which survives a restart
//! of the server) or `ns=2;s=Oven1.Temp` (by its number, which may not); or a path of names below the folder
//! `Objects`, `DeviceSet/CombiSteamer01/CombiSteamer/SetTemperature`. A name that occurs in several namespaces is
//! told apart by `{http://namespace/}Name`. A slash in a name is written `\/`, a backslash `\\`.

use app::model::form::Problem;
use opcua::types::NodeId;

/// Names from `Objects` downwards beyond this are no path that anybody typed.
const MAX_STEPS: usize = 32;

#[derive(Clone, Debug, PartialEq)]
pub enum Path {
    /// By namespace name, and the identifier as text (`s=…`, `i=…`, `g=…`, `b=…`).
    Named {
        namespace: String,
        identifier: String,
    },
    Numbered(NodeId),
    Steps(Vec<Step>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Any namespace where absent.
    pub namespace: Option<String>,
    pub name: String,
}

pub fn parse(text: &str) -> Result<Path, Problem> {
    let text = text.trim();
    let wrong = |detail: &str| Err(Problem::NotAPath { detail: detail.to_owned() });
    if text.is_empty() {
        return Err(Problem::Required);
    }
    if let Some(rest) = text.strip_prefix("nsu=") {
        let Some((namespace, identifier)) = rest.split_once(';') else {
            return wrong("a node id looks like nsu=http://vendor.example/;s=Oven1.Temp");
        };
        if namespace.is_empty() || identifier.parse::<NodeId>().is_err() {
            return wrong("after the semicolon comes i=number, s=text, g=GUID or b=bytes");
        }
        return Ok(Path::Named { namespace: namespace.to_owned(), identifier: identifier.to_owned() });
    }
    if is_node_id(text) {
        return match text.parse::<NodeId>() {
            Ok(id) => Ok(Path::Numbered(id)),
            Err(_) => wrong("a node id looks like ns=2;s=Oven1.Temp or ns=2;i=1042"),
        };
    }
    let steps = steps(text.trim_start_matches('/').trim_start_matches("Objects/"))?;
    if steps.len() > MAX_STEPS { wrong("too many names") } else { Ok(Path::Steps(steps)) }
}

/// `s=…` could be a name too, but nobody calls a folder that.
fn is_node_id(text: &str) -> bool {
    text.starts_with("ns=") || ["i=", "s=", "g=", "b="].iter().any(|prefix| text.starts_with(prefix))
}

fn steps(text: &str) -> Result<Vec<Step>, Problem> {
    let wrong = |detail: &str| Problem::NotAPath { detail: detail.to_owned() };
    let (mut steps, mut step) = (Vec::new(), Step { namespace: None, name: String::new() });
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        match c {
            '\\' => step.name.push(rest.next().ok_or_else(|| wrong("a backslash needs the character that it is for"))?),
            '/' => {
                finish(&mut steps, step)?;
                step = Step { namespace: None, name: String::new() };
            }
            '{' if step.name.is_empty() && step.namespace.is_none() => {
                let uri: String = rest.by_ref().take_while(|c| *c != '}').collect();
                if uri.is_empty() || !text.contains(&format!("{{{uri}}}")) {
                    return Err(wrong("a namespace is written {http://namespace/}Name"));
                }
                step.namespace = Some(uri);
            }
            c => step.name.push(c),
        }
    }
    finish(&mut steps, step)?;
    Ok(steps)
}

fn finish(steps: &mut Vec<Step>, step: Step) -> Result<(), Problem> {
    if step.name.is_empty() {
        return Err(Problem::NotAPath { detail: "a name is missing between two slashes".to_owned() });
    }
    steps.push(step);
    Ok(())
}

/// A name as [`parse`] reads it back.
pub fn escaped(name: &str) -> String {
    let escaped = name.replace('\\', "\\\\").replace('/', "\\/");
    if escaped.starts_with('{') { format!("\\{escaped}") } else { escaped }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(text: &str) -> Vec<String> {
        match parse(text).unwrap() {
            Path::Steps(steps) => steps.into_iter().map(|step| step.name).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_way_to_write_a_node() {
        assert_eq!(names("/Objects/DeviceSet/Oven 1/Temp"), ["DeviceSet", "Oven 1", "Temp"]);
        assert_eq!(names(r"a\/b/c\\d"), ["a/b", r"c\d"]);
        let Path::Steps(steps) = parse("{http://x/y}Set/Temp").unwrap() else { panic!("a path of names") };
        assert_eq!(steps[0].namespace.as_deref(), Some("http://x/y"));
        assert_eq!(parse("ns=2;i=7").unwrap(), Path::Numbered(NodeId::new(2, 7u32)));
        assert_eq!(
            parse("nsu=http://v/;s=a;b=c").unwrap(),
            Path::Named { namespace: "http://v/".to_owned(), identifier: "s=a;b=c".to_owned() }
        );
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for text in ["", "  ", "a//b", "a/", "ns=2;x=7", "nsu=http://v/", "nsu=;s=a", "{http://x", "{}a", "a\\"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = parse(&text);
        }

        #[test]
        fn any_name_can_be_written(name in "[a-z{/\\\\]\\PC{0,20}[a-z}/\\\\]") {
            prop_assume!(!is_node_id(&name) && !name.starts_with("nsu="));
            let text = format!("x/{}", escaped(&name));
            prop_assert_eq!(names(&text), vec!["x".to_owned(), name]);
        }
    }
}
