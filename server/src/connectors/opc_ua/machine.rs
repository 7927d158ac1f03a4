//! Recognises machines of OPC 30200 and OPC 40600, and plans what to read of one.

use std::collections::{BTreeMap, HashSet};

use app::model::failure::FailureKind;
use opcua::types::{AttributeId, NodeClass, NodeId, Variant};

use super::{
    options::Options,
    path,
    profile::Profile,
    session::Session,
    state::{Plan, Point},
    tree::{Child, Tree},
    value,
};
use crate::connectors::ConnectorError;

const DI: &str = "http://opcfoundation.org/UA/DI/";
const KITCHEN: &str = "http://opcfoundation.org/UA/CommercialKitchenEquipment/";
const MACHINERY: &str = "http://opcfoundation.org/UA/Machinery/";
const WEIHENSTEPHAN: &str = "http://opcfoundation.org/UA/Weihenstephan/";

/// Objects of a machine are nested no deeper than the state machines of OPC 40600.
const DEPTH: usize = 6;
/// Folders between `Objects` and a machine.
const FOLDERS: usize = 3;
/// Bit of the attribute AccessLevel: the server keeps past values (OPC 10000-3, 8.57).
const HISTORY_READ: u8 = 0b100;

/// A machine on the server.
#[derive(Clone, Debug)]
pub struct Machine {
    pub name: String,
    pub profile: Profile,
    pub node: NodeId,
    pub chambers: Vec<u32>,
    pub manufacturer: Option<String>,
    pub model: Option<String>,
    pub serial_number: Option<String>,
}

/// What to read: the nodes of the mapping, or all of the chosen machine.
pub async fn plan(session: &Session, options: &Options) -> Result<Plan, ConnectorError> {
    let mut tree = Tree::new(session);
    if options.rules.is_empty() {
        let machine = chosen(find(&mut tree).await?, options)?;
        return of_machine(&mut tree, &machine, options.chamber).await;
    }
    let mut plan = mapped(&mut tree, options).await?;
    if let Some(name) = &options.machine {
        let machine = find(&mut tree).await?.into_iter().find(|machine| machine.name == *name);
        plan.alarms = machine.map(|machine| (machine.node, machine.name));
    }
    Ok(plan)
}

fn chosen(machines: Vec<Machine>, options: &Options) -> Result<Machine, ConnectorError> {
    let names = machines.iter().map(|machine| machine.name.as_str()).collect::<Vec<_>>().join(", ");
    let fail = |code: &str, detail: String| Err(ConnectorError::new(FailureKind::Mapping, detail).with_code(code));
    match (&options.machine, machines.len()) {
        (_, 0) => fail(
            "no_machine",
            format!(
                "{} has no machine that Hornero recognises (OPC 30200, OPC 40600); map its nodes instead",
                options.url
            ),
        ),
        (Some(name), _) => match named(machines, name) {
            Some(machine) => Ok(machine),
            None => fail("no_such_machine", format!("{} has no machine {name}; it has {names}", options.url)),
        },
        (None, 1) => Ok(machines.into_iter().next().expect("there is one")),
        (None, _) => fail("several_machines", format!("{} has several machines; choose one: {names}", options.url)),
    }
}

/// The machine with this name, or else the only one whose name has it as a part: clouds put numbers into names.
fn named(machines: Vec<Machine>, name: &str) -> Option<Machine> {
    let exact = machines.iter().position(|machine| machine.name == name);
    let mut like =
        machines.iter().enumerate().filter(|(_, machine)| machine.name.contains(name)).map(|(index, _)| index);
    let index = exact.or_else(|| like.next().filter(|_| like.next().is_none()))?;
    machines.into_iter().nth(index)
}

/// Every machine below `Objects`: by its type, or by the objects that its type would give it.
pub async fn find(tree: &mut Tree<'_>) -> Result<Vec<Machine>, ConnectorError> {
    let types = Types::of(tree.session);
    if !types.any() {
        return Ok(Vec::new());
    }
    let mut machines = Vec::new();
    let mut folders = vec![NodeId::objects_folder_id()];
    // The server's own object is full of things that are no ovens.
    let mut visited = HashSet::from([NodeId::objects_folder_id(), NodeId::new(0, 2253u32)]);
    for _ in 0..FOLDERS {
        tree.load(&folders).await?;
        let objects: Vec<Child> =
            folders.iter().flat_map(|folder| tree.known(folder).to_vec()).filter(is_object).collect();
        tree.load(&objects.iter().map(|object| object.id.clone()).collect::<Vec<_>>()).await?;
        folders.clear();
        for object in objects {
            if !visited.insert(object.id.clone()) {
                continue;
            }
            match types.profile(&object, tree.known(&object.id)) {
                Some(profile) => machines.push(described(tree, object, profile).await?),
                None => folders.push(object.id),
            }
        }
    }
    machines.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(machines)
}

fn is_object(child: &Child) -> bool {
    child.class == NodeClass::Object
}

/// Numbers of the namespaces of the companion specifications on this server.
struct Types {
    kitchen: Option<u16>,
    weihenstephan: Option<u16>,
    others: bool,
}

impl Types {
    fn of(session: &Session) -> Self {
        let index = |uri| session.namespaces.get_index(uri);
        Self {
            kitchen: index(KITCHEN),
            weihenstephan: index(WEIHENSTEPHAN),
            others: index(DI).is_some() || index(MACHINERY).is_some(),
        }
    }

    fn any(&self) -> bool {
        self.kitchen.is_some() || self.weihenstephan.is_some() || self.others
    }

    /// By type definition, or else by the parts that the type demands: makers derive types of their own.
    fn profile(&self, object: &Child, parts: &[Child]) -> Option<Profile> {
        let is = |namespace: Option<u16>, number: u32| {
            namespace.is_some_and(|namespace| object.type_definition == NodeId::new(namespace, number))
        };
        if is(self.kitchen, 1011) {
            return Some(Profile::CombiSteamer);
        }
        if is(self.kitchen, 1013) {
            return Some(Profile::Chambers);
        }
        if is(self.kitchen, 1034) {
            return Some(Profile::MicrowaveCombi);
        }
        if is(self.weihenstephan, 1000) {
            return Some(Profile::Weihenstephan);
        }
        let has = |name: &str| parts.iter().any(|part| is_object(part) && part.name == name);
        let has_chamber = parts.iter().any(|part| is_object(part) && chamber_number(&part.name).is_some());
        match () {
            () if has("CombiSteamer") => Some(Profile::CombiSteamer),
            () if has("MicrowaveCombiOven") => Some(Profile::MicrowaveCombi),
            () if has_chamber => Some(Profile::Chambers),
            () if has("OperatingStates") && has("OperatingModes") => Some(Profile::Weihenstephan),
            () => None,
        }
    }
}

fn chamber_number(name: &str) -> Option<u32> {
    name.strip_prefix("Chamber_")?.parse().ok()
}

/// A machine with what its nameplate says (DI or Machinery identification).
async fn described(tree: &mut Tree<'_>, object: Child, profile: Profile) -> Result<Machine, ConnectorError> {
    let parts = tree.known(&object.id).to_vec();
    let mut chambers: Vec<u32> = parts.iter().filter_map(|part| chamber_number(&part.name)).collect();
    chambers.sort_unstable();
    let mut nameplate = parts.clone();
    if let Some(identification) = parts.iter().find(|part| part.name == "Identification") {
        nameplate.extend(tree.children(&identification.id).await?.to_vec());
    }
    let names = ["Manufacturer", "Model", "SerialNumber"];
    let nodes: Vec<(usize, NodeId)> = names
        .iter()
        .enumerate()
        .filter_map(|(index, name)| Some((index, nameplate.iter().find(|part| part.name == *name)?.id.clone())))
        .collect();
    let values = tree.session.read(&nodes.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>()).await?;
    let mut texts: [Option<String>; 3] = Default::default();
    for ((index, _), value) in nodes.iter().zip(values) {
        let text = value.value.as_ref().and_then(value::json).and_then(|value| value.as_str().map(str::to_owned));
        texts[*index] = text.filter(|text| !text.trim().is_empty());
    }
    let [manufacturer, model, serial_number] = texts;
    Ok(Machine { name: object.name, profile, node: object.id, chambers, manufacturer, model, serial_number })
}

/// Everything that a machine measures.
async fn of_machine(tree: &mut Tree<'_>, machine: &Machine, chamber: Option<u32>) -> Result<Plan, ConnectorError> {
    if let Some(number) = chamber
        && !machine.chambers.contains(&number)
    {
        let known: Vec<_> = machine.chambers.iter().map(u32::to_string).collect();
        let detail = format!("{} has no chamber {number}; it has {}", machine.name, known.join(", "));
        return Err(ConnectorError::new(FailureKind::Mapping, detail));
    }
    let mut found: Vec<(String, Child)> = Vec::new();
    let mut level = vec![(String::new(), machine.node.clone())];
    // Objects may refer to each other in circles.
    let mut visited = HashSet::from([machine.node.clone()]);
    for _ in 0..DEPTH {
        tree.load(&level.iter().map(|(_, id)| id.clone()).collect::<Vec<_>>()).await?;
        let mut below = Vec::new();
        for (prefix, id) in &level {
            for child in tree.known(id) {
                if chamber.is_some_and(|wanted| chamber_number(&child.name).is_some_and(|number| number != wanted)) {
                    continue;
                }
                let key = format!("{prefix}{}", child.name);
                match child.class {
                    NodeClass::Variable => found.push((key, child.clone())),
                    NodeClass::Object if visited.insert(child.id.clone()) => {
                        below.push((format!("{key}/"), child.id.clone()));
                    }
                    _ => {}
                }
            }
        }
        level = below;
    }
    // Many nodes of a machine are nameplate or limits: what no rule and no alarm uses is not read.
    let keys: Vec<_> = found.iter().map(|(name, _)| super::profile::Key { name: name.clone(), unit: None }).collect();
    let wanted = machine.profile.wanted(&keys);
    found.retain(|(key, _)| wanted.contains(key));
    let points = described_points(tree, found).await?;
    let alarms = Some((machine.node.clone(), machine.name.clone()));
    Ok(Plan { profile: Some(machine.profile), points, alarms, missing: Vec::new() })
}

/// The nodes of an admin's mapping; one that is not there does not stop the others.
async fn mapped(tree: &mut Tree<'_>, options: &Options) -> Result<Plan, ConnectorError> {
    let mut plan = Plan::default();
    let mut found: BTreeMap<String, Child> = BTreeMap::new();
    for rule in &options.rules {
        let Ok(path) = path::parse(&rule.path) else { continue };
        match tree.resolve(&path).await? {
            Ok(id) => {
                let child = Child {
                    id,
                    namespace: 0,
                    name: String::new(),
                    class: NodeClass::Variable,
                    type_definition: NodeId::null(),
                };
                found.insert(rule.path.clone(), child);
            }
            Err(why) => plan.missing.push((rule.path.clone(), why)),
        }
    }
    if found.is_empty()
        && let Some((path, why)) = plan.missing.first()
    {
        let detail = format!("none of the mapped nodes is there; {path}: {why}");
        return Err(ConnectorError::new(FailureKind::Mapping, detail));
    }
    plan.points = described_points(tree, found.into_iter().collect()).await?;
    Ok(plan)
}

/// Points with their units, and whether the server keeps their past.
async fn described_points(tree: &mut Tree<'_>, found: Vec<(String, Child)>) -> Result<Vec<Point>, ConnectorError> {
    let ids: Vec<NodeId> = found.iter().map(|(_, child)| child.id.clone()).collect();
    let units = tree.units(&ids).await?;
    let levels = tree.session.read_attributes(&ids, AttributeId::UserAccessLevel).await?;
    let points = found.into_iter().zip(units).zip(levels).map(|(((key, child), (is_measured, unit)), level)| {
        let level = match level.value {
            Some(Variant::Byte(level)) => level,
            _ => 0,
        };
        Point { key, node: child.id, unit, has_history: level & HISTORY_READ != 0, is_measured }
    });
    Ok(points.collect())
}
