//! Machines and nodes of a server, for an admin.

use std::collections::{HashMap, HashSet};

use app::model::{
    discovery::{Discovery, FoundMachine, FoundValue, Search},
    mapping::{MAX_NAME, MappingRule, Target},
    unit::Unit,
};
use opcua::types::{NodeClass, NodeId};
use serde_json::{Map, Value, json};

use super::{
    guess,
    machine::{self, Machine},
    path,
    session::Session,
    tree::{Child, MAX_NODES, Tree},
    value,
};
use crate::connectors::ConnectorError;
use app::model::failure::FailureKind;

/// Nodes that are listed, and nodes that a search looks at.
const MAX_LISTED: usize = 300;
const MAX_SEARCHED: usize = 5_000;
const DEPTH: usize = 8;

pub async fn run(session: &Session, search: &Search) -> Result<Discovery, ConnectorError> {
    within(session, search, MAX_NODES).await
}

/// Each step may look at `max` nodes; what one leaves out keeps the next from nothing.
async fn within(session: &Session, search: &Search, max: usize) -> Result<Discovery, ConnectorError> {
    let mut tree = Tree::glance(session, max);
    let mut found = Discovery::default();
    let root = match search.under.as_deref().map(str::trim).filter(|under| !under.is_empty()) {
        None => {
            found.machines = machine::find(&mut tree).await?.iter().flat_map(offers).collect();
            (String::new(), NodeId::objects_folder_id())
        }
        Some(under) => {
            let wrong = |detail: String| ConnectorError::new(FailureKind::Mapping, format!("{under}: {detail}"));
            let path = path::parse(under).map_err(|_| wrong("not a path".to_owned()))?;
            let node = tree.resolve(&path).await?.map_err(wrong)?;
            (format!("{under}/"), node)
        }
    };
    found.truncated |= tree.take_cut();
    let text = search.text.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let listed = if let Some(text) = text {
        matching(&mut tree, root, &text.to_lowercase(), &mut found.truncated).await?
    } else {
        tree.load(std::slice::from_ref(&root.1)).await?;
        named(&tree, &root)
    };
    found.truncated |= tree.take_cut() || listed.len() > MAX_LISTED;
    let listed: Vec<_> = listed.into_iter().take(MAX_LISTED).collect();
    found.values = values(&mut tree, listed).await?;
    Ok(found)
}

/// A machine, and each of its chambers where it has several.
fn offers(machine: &Machine) -> Vec<FoundMachine> {
    let offer = |chamber: Option<u32>| {
        let mut config = Map::from_iter([("machine".to_owned(), json!(machine.name))]);
        let mut name = machine.name.clone();
        if let Some(number) = chamber {
            config.insert("chamber".to_owned(), json!(number));
            name = format!("{name} · {number}");
        }
        FoundMachine {
            name,
            kind: machine.profile.equipment_kind(),
            manufacturer: machine.manufacturer.clone(),
            model: machine.model.clone(),
            serial_number: machine.serial_number.clone(),
            profile: machine.profile.label().to_owned(),
            config,
        }
    };
    let mut offers = vec![offer(None)];
    if machine.chambers.len() > 1 {
        offers.extend(machine.chambers.iter().map(|number| offer(Some(*number))));
    }
    offers
}

/// The children of a loaded node with their paths; a name that occurs twice is written with its namespace.
fn named(tree: &Tree<'_>, (prefix, id): &(String, NodeId)) -> Vec<(String, Child)> {
    let children = tree.known(id);
    let mut nodes: HashMap<&str, HashSet<&NodeId>> = HashMap::new();
    for child in children {
        nodes.entry(&child.name).or_default().insert(&child.id);
    }
    let is_unique = |child: &Child| nodes.get(child.name.as_str()).is_none_or(|nodes| nodes.len() == 1);
    children
        .iter()
        .filter(|child| child.id != NodeId::new(0, 2253u32))
        .map(|child| {
            let name = path::escaped(&child.name);
            let uri = tree.session.namespaces.known_namespaces().iter().find(|(_, index)| **index == child.namespace);
            let step = match uri {
                Some((uri, _)) if !is_unique(child) => format!("{{{uri}}}{name}"),
                _ => name,
            };
            (format!("{prefix}{step}"), child.clone())
        })
        .collect()
}

/// Everything below a node whose name or path has the text in it.
async fn matching(
    tree: &mut Tree<'_>,
    root: (String, NodeId),
    text: &str,
    truncated: &mut bool,
) -> Result<Vec<(String, Child)>, ConnectorError> {
    let (mut found, mut level, mut seen) = (Vec::new(), vec![root], 0);
    for _ in 0..DEPTH {
        tree.load(&level.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>()).await?;
        let mut below = Vec::new();
        for node in &level {
            for (path, child) in named(tree, node) {
                seen += 1;
                if path.to_lowercase().contains(text) && child.class == NodeClass::Variable {
                    found.push((path.clone(), child.clone()));
                }
                if child.class == NodeClass::Object {
                    below.push((format!("{path}/"), child.id));
                }
            }
        }
        if seen > MAX_SEARCHED {
            *truncated = true;
            break;
        }
        level = below;
        if level.is_empty() {
            break;
        }
    }
    Ok(found)
}

/// Nodes with their values, units and proposals.
async fn values(tree: &mut Tree<'_>, listed: Vec<(String, Child)>) -> Result<Vec<FoundValue>, ConnectorError> {
    let ids: Vec<NodeId> = listed.iter().map(|(_, child)| child.id.clone()).collect();
    let units = tree.units(&ids).await?;
    let variables: Vec<NodeId> =
        listed.iter().filter(|(_, child)| child.class == NodeClass::Variable).map(|(_, c)| c.id.clone()).collect();
    let mut read = tree.session.read(&variables).await?.into_iter();
    let mut found = Vec::with_capacity(listed.len());
    for ((path, child), (_, unit)) in listed.into_iter().zip(units) {
        let is_variable = child.class == NodeClass::Variable;
        let answer = if is_variable { read.next() } else { None };
        let json = answer.as_ref().and_then(|answer| answer.value.as_ref()).and_then(value::json);
        let sample = answer.map(|answer| match &json {
            Some(Value::String(text)) => text.clone(),
            Some(other) => format!("{other} {}", unit.map_or("", Unit::as_str)).trim().to_owned(),
            None => answer.status.map_or_else(|| "—".to_owned(), |status| status.sub_code().name().to_owned()),
        });
        let may_have = !tree.known(&child.id).is_empty() || !tree.is_loaded(&child.id);
        let has_children = !is_variable && may_have;
        // An empty folder leads nowhere and is no value.
        if !is_variable && !has_children {
            continue;
        }
        let suggestion = json.and_then(|json| suggestion(&path, &child.name, &json, unit));
        found.push(FoundValue { path, name: child.name, sample, has_children, decodings: Vec::new(), suggestion });
    }
    Ok(found)
}

/// What a node most likely is, by its unit and its name.
fn suggestion(path: &str, name: &str, value: &Value, unit: Option<Unit>) -> Option<MappingRule> {
    if value.is_array() || value.is_null() {
        return None;
    }
    let short: String = name.chars().take(MAX_NAME).collect();
    let target = match guess::target(name, unit) {
        Some(target) => target.to_owned(),
        None if guess::is_temperature(unit) => format!("temperature_zones.{short}"),
        None if value.is_boolean() && guess::is_door(name) => "door_status".to_owned(),
        None => format!("additional_sensors.{short}"),
    };
    let target = Target::parse(&target)?;
    let unit = unit.filter(|unit| {
        matches!(target.value_kind(), app::model::metric::ValueKind::Number(dimension) if dimension == unit.dimension())
    });
    Some(MappingRule { unit, ..MappingRule::new(target, path) })
}

#[cfg(test)]
mod tests {
    use tokio_util::sync::CancellationToken;

    use super::{super::options::Options, *};
    use crate::{
        connectors::Settings,
        simulator::{Credentials, FleetKind, Simulator, fleet_of},
    };

    #[tokio::test]
    async fn of_a_server_with_too_many_nodes_a_part_is_listed() {
        let shutdown = CancellationToken::new();
        let _stop = shutdown.clone().drop_guard();
        let mut specs = fleet_of(FleetKind::OpcUa, 1);
        specs[0].credentials = Credentials::Open;
        let simulator = Simulator::start(specs, shutdown).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let url = format!("opc.tcp://{}/", simulator.ovens()[0].addr);
        let settings = Settings {
            data_dir: folder.path().to_owned(),
            discovering: true,
            ..Settings::for_tests(&url, json!({"security_policy": "none"}))
        };
        let options = Options::parse(&settings).unwrap_or_else(|errors| panic!("{errors:?}"));
        let session = Session::open(&options).await.unwrap();
        let paths = |found: &Discovery| found.values.iter().map(|value| value.path.clone()).collect::<Vec<_>>();

        let whole = run(&session, &Search::default()).await.unwrap();
        assert!(!whole.truncated && whole.machines.len() == 1, "{whole:?}");
        let part = within(&session, &Search::default(), 1).await.unwrap();
        assert!(part.truncated && part.machines.is_empty(), "{part:?}");
        assert_eq!(paths(&part), paths(&whole), "the roots are there");
        assert!(part.values.iter().all(|value| value.has_children), "and can be opened: {part:?}");

        let text = Search { text: Some("DeviceSet".to_owned()), ..Search::default() };
        let all = run(&session, &text).await.unwrap();
        assert!(all.values.len() >= 17, "a folder that comes in several answers is whole: {all:?}");
        let some = within(&session, &text, 1).await.unwrap();
        assert!(some.truncated, "{some:?}");
    }
}
