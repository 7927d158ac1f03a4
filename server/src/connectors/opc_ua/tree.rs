//! Browsing: the children of nodes, and nodes by their paths.

use std::collections::HashMap;

use app::model::{failure::FailureKind, unit::Unit};
use opcua::types::{
    BrowseDescription, BrowseDirection, BrowseResult, EUInformation, ExpandedNodeId, NamespaceMap, NodeClass, NodeId,
    ReferenceTypeId, StatusCode, Variant,
};

use super::{
    path::{Path, Step},
    session::Session,
    value,
};
use crate::connectors::ConnectorError;

/// Nodes asked for at once.
const BATCH: usize = 100;
/// Children of one node that come in one answer; a folder with tens of thousands would be larger than answers may be.
/// Unit tests have smaller folders, and look at them in parts all the same.
const CHILDREN: u32 = if cfg!(test) { 8 } else { 1_000 };
/// Nodes beyond which a server is not browsed further.
pub const MAX_NODES: usize = 50_000;

#[derive(Clone, Debug)]
pub struct Child {
    pub id: NodeId,
    pub namespace: u16,
    pub name: String,
    pub class: NodeClass,
    /// Null for what has no type, such as methods.
    pub type_definition: NodeId,
}

/// What was browsed so far.
pub struct Tree<'a> {
    pub session: &'a Session,
    children: HashMap<NodeId, Vec<Child>>,
    count: usize,
    max: usize,
    /// Stops at `max` with what it has, where it would fail otherwise.
    is_content: bool,
    is_cut: bool,
}

impl<'a> Tree<'a> {
    /// To find what is to be read: a server that has too much is an error.
    pub fn new(session: &'a Session) -> Self {
        Self { session, children: HashMap::new(), count: 0, max: MAX_NODES, is_content: false, is_cut: false }
    }

    /// To look around: of a server that has more than `max` nodes, a part is there.
    pub fn glance(session: &'a Session, max: usize) -> Self {
        Self { max, is_content: true, ..Self::new(session) }
    }

    /// Whether nodes were left out since this was last asked. As many again are browsed from here on.
    pub fn take_cut(&mut self) -> bool {
        self.count = 0;
        std::mem::take(&mut self.is_cut)
    }

    /// Whether [`known`](Self::known) says all there is.
    pub fn is_loaded(&self, id: &NodeId) -> bool {
        self.children.contains_key(id)
    }

    /// Everything below a node, its properties included, in the server's order.
    pub async fn children(&mut self, id: &NodeId) -> Result<&[Child], ConnectorError> {
        self.load(std::slice::from_ref(id)).await?;
        Ok(self.known(id))
    }

    /// Children that were loaded.
    pub fn known(&self, id: &NodeId) -> &[Child] {
        self.children.get(id).map(Vec::as_slice).unwrap_or_default()
    }

    /// Loads the children of many nodes in few requests; nothing more once nodes were left out.
    pub async fn load(&mut self, ids: &[NodeId]) -> Result<(), ConnectorError> {
        let missing: Vec<NodeId> = ids.iter().filter(|id| !self.children.contains_key(*id)).cloned().collect();
        for ids in missing.chunks(BATCH) {
            if self.is_cut {
                break;
            }
            let mut alone = Vec::new();
            for (id, result) in ids.iter().zip(self.browse(ids).await?) {
                if result.status_code == StatusCode::BadNoContinuationPoints {
                    alone.push(id);
                    continue;
                }
                self.take(id, result).await?;
            }
            // The server remembers the rest of a few large folders at a time.
            for id in alone {
                for result in self.browse(std::slice::from_ref(id)).await? {
                    self.take(id, result).await?;
                }
            }
            self.is_cut = self.count > self.max;
            if self.is_cut && !self.is_content {
                let detail = format!("the server has more than {} nodes where ovens are looked for", self.max);
                return Err(ConnectorError::new(FailureKind::Limit, detail));
            }
        }
        Ok(())
    }

    async fn browse(&self, ids: &[NodeId]) -> Result<Vec<BrowseResult>, ConnectorError> {
        let wanted: Vec<_> = ids.iter().map(description).collect();
        self.session.check(self.session.client.browse(&wanted, CHILDREN, None).await)
    }

    async fn take(&mut self, id: &NodeId, result: BrowseResult) -> Result<(), ConnectorError> {
        let found = self.all(result).await?;
        self.count += found.len();
        self.children.insert(id.clone(), found);
        Ok(())
    }

    /// Of each node, whether it has a unit of measurement, and which where it is a known one.
    pub async fn units(&mut self, ids: &[NodeId]) -> Result<Vec<(bool, Option<Unit>)>, ConnectorError> {
        self.load(ids).await?;
        let properties: Vec<Option<NodeId>> = ids
            .iter()
            .map(|id| self.known(id).iter().find(|property| property.name == "EngineeringUnits").map(|p| p.id.clone()))
            .collect();
        let wanted: Vec<NodeId> = properties.iter().flatten().cloned().collect();
        let mut infos = self.session.read(&wanted).await?.into_iter();
        let units = properties.into_iter().map(|property| {
            let info = property.as_ref().and_then(|_| infos.next()?.value);
            let unit = info.and_then(|info| match info {
                Variant::ExtensionObject(object) => value::unit(object.inner_as::<EUInformation>()?),
                _ => None,
            });
            (property.is_some(), unit)
        });
        Ok(units.collect())
    }

    /// A result with all that the server gave in further parts. A node that cannot be browsed has no children.
    async fn all(&self, first: BrowseResult) -> Result<Vec<Child>, ConnectorError> {
        let mut found = Vec::new();
        let mut result = first;
        loop {
            found.extend(result.references.into_iter().flatten().filter(|r| r.node_id.server_index == 0).map(|r| {
                Child {
                    namespace: r.browse_name.namespace_index,
                    name: r.browse_name.name.as_ref().to_owned(),
                    class: r.node_class,
                    type_definition: local(&r.type_definition, &self.session.namespaces),
                    id: local(&r.node_id, &self.session.namespaces),
                }
            }));
            if result.continuation_point.is_null_or_empty() {
                return Ok(found);
            }
            if found.len() > self.max {
                // The server need not keep the rest for us; what it says to that changes nothing.
                let _ = self.session.client.browse_next(true, &[result.continuation_point]).await;
                return Ok(found);
            }
            let more = self.session.client.browse_next(false, &[result.continuation_point]).await;
            match self.session.check(more)?.into_iter().next() {
                Some(next) => result = next,
                None => return Ok(found),
            }
        }
    }

    /// The node at a path; the error says which part of it is not there.
    pub async fn resolve(&mut self, path: &Path) -> Result<Result<NodeId, String>, ConnectorError> {
        let namespaces = &self.session.namespaces;
        match path {
            Path::Numbered(id) => Ok(Ok(id.clone())),
            Path::Named { namespace, identifier } => Ok(namespaces
                .get_index(namespace)
                .ok_or_else(|| format!("the server has no namespace {namespace}"))
                .and_then(|index| {
                    let id: NodeId = identifier.parse().map_err(|_| format!("{identifier} is no identifier"))?;
                    Ok(NodeId { namespace: index, ..id })
                })),
            Path::Steps(steps) => self.walk(steps).await,
        }
    }

    async fn walk(&mut self, steps: &[Step]) -> Result<Result<NodeId, String>, ConnectorError> {
        let mut id = NodeId::objects_folder_id();
        for step in steps {
            let namespace = match &step.namespace {
                None => None,
                Some(uri) => match self.session.namespaces.get_index(uri) {
                    Some(index) => Some(index),
                    None => return Ok(Err(format!("the server has no namespace {uri}"))),
                },
            };
            let children = self.children(&id).await?;
            let mut fitting = children
                .iter()
                .filter(|child| child.name == step.name && namespace.is_none_or(|index| child.namespace == index));
            match (fitting.next(), fitting.next()) {
                (Some(child), None) => id = child.id.clone(),
                (Some(first), Some(second)) if first.id == second.id => id = first.id.clone(),
                (Some(_), Some(_)) => {
                    return Ok(Err(format!("{} is there twice; write {{namespace}}{}", step.name, step.name)));
                }
                (None, _) => return Ok(Err(format!("there is no {}", step.name))),
            }
        }
        Ok(Ok(id))
    }
}

fn description(id: &NodeId) -> BrowseDescription {
    BrowseDescription {
        node_id: id.clone(),
        browse_direction: BrowseDirection::Forward,
        reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
        include_subtypes: true,
        node_class_mask: NodeClass::Object as u32 | NodeClass::Variable as u32,
        result_mask: 0x3f,
    }
}

/// Node ids of other servers' namespaces come by name.
pub fn local(id: &ExpandedNodeId, namespaces: &NamespaceMap) -> NodeId {
    namespaces.resolve_node_id(id).map_or_else(NodeId::null, std::borrow::Cow::into_owned)
}
