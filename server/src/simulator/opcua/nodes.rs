//! The address space: DI's `DeviceSet`, the device in it, and the types that clients recognise it by.

use async_trait::async_trait;
use opcua::nodes::{AccessLevel, ObjectBuilder, ObjectTypeBuilder, VariableBuilder};
use opcua::server::address_space::{AddressSpace, add_namespaces};
use opcua::server::diagnostics::NamespaceMetadata;
use opcua::server::node_manager::memory::{InMemoryNodeManager, InMemoryNodeManagerBuilder, InMemoryNodeManagerImpl};
use opcua::server::node_manager::{NodeManagerBuilder, ServerContext};
use opcua::types::{
    DataTypeId, DataValue, LocalizedText, NodeId, ObjectId, ObjectTypeId, QualifiedName, VariableTypeId,
};

use super::values;
use crate::simulator::spec::OvenSpec;

const DI: &str = "http://opcfoundation.org/UA/DI/";
const CKE: &str = "http://opcfoundation.org/UA/CommercialKitchenEquipment/";
/// The maker's own namespace, which holds the device itself.
pub const MAKER: &str = "urn:hornero:simulated-oven:devices";

/// Numbers of nodes in the nodesets of DI and CKE.
const DEVICE_SET: u32 = 5001;
const DEVICE_TYPE: u32 = 1002;
const COMBI_STEAMER_DEVICE_TYPE: u32 = 1011;
const COMBI_STEAMER_TYPE: u32 = 1010;

/// The nodes of one oven, and how to change its values.
pub type Kitchen = InMemoryNodeManager<Device>;

/// The node ids that change, in the order of [`values::variables`].
pub struct Device {
    namespaces: Vec<NamespaceMetadata>,
    variables: Vec<NodeId>,
}

impl Device {
    pub fn variables(&self) -> &[NodeId] {
        &self.variables
    }
}

/// Makes the nodes when the server is built.
pub fn manager(spec: OvenSpec) -> impl NodeManagerBuilder {
    InMemoryNodeManagerBuilder::new(move |context: ServerContext, space: &mut AddressSpace| {
        let uris = [DI, CKE, MAKER];
        let indexes = add_namespaces(&context, space, &uris);
        let namespace = |(uri, index): (&&str, &u16)| NamespaceMetadata {
            namespace_uri: (*uri).to_owned(),
            namespace_index: *index,
            ..Default::default()
        };
        let namespaces = uris.iter().zip(&indexes).map(namespace).collect();
        let [di, cke, maker] = indexes[..] else { unreachable!("as many indexes as namespaces") };
        types(space, di, cke);
        Device { namespaces, variables: device(space, &spec, Indexes { di, cke, maker }) }
    })
}

#[derive(Clone, Copy)]
struct Indexes {
    di: u16,
    cke: u16,
    maker: u16,
}

fn types(space: &mut AddressSpace, di: u16, cke: u16) {
    let mut object_type = |id: NodeId, name: &str, parent: NodeId| {
        let namespace = id.namespace;
        ObjectTypeBuilder::new(&id, QualifiedName::new(namespace, name), name).subtype_of(parent).insert(space);
    };
    let base = NodeId::from(ObjectTypeId::BaseObjectType);
    let device_type = NodeId::new(di, DEVICE_TYPE);
    object_type(device_type.clone(), "DeviceType", base.clone());
    object_type(NodeId::new(cke, COMBI_STEAMER_DEVICE_TYPE), "CombiSteamerDeviceType", device_type);
    object_type(NodeId::new(cke, COMBI_STEAMER_TYPE), "CombiSteamerParameterType", base);
    ObjectBuilder::new(&NodeId::new(di, DEVICE_SET), QualifiedName::new(di, "DeviceSet"), "DeviceSet")
        .has_type_definition(ObjectTypeId::BaseObjectType)
        .organized_by(ObjectId::ObjectsFolder)
        .insert(space);
}

/// The device with its nameplate and its object; the nodes that change.
fn device(space: &mut AddressSpace, spec: &OvenSpec, Indexes { di, cke, maker }: Indexes) -> Vec<NodeId> {
    let path = format!("CombiSteamerDevice_{}", spec.id);
    let device = NodeId::new(maker, path.clone());
    ObjectBuilder::new(&device, QualifiedName::new(maker, spec.id.as_str()), spec.name.as_str())
        .has_type_definition(NodeId::new(cke, COMBI_STEAMER_DEVICE_TYPE))
        .component_of(NodeId::new(di, DEVICE_SET))
        .insert(space);
    let serial_number = format!("SIM-{:06}", spec.seed);
    let text = |value: &str| LocalizedText::new("es", value);
    for (name, data_type, value) in [
        ("Manufacturer", DataTypeId::LocalizedText, DataValue::new_now(text(&spec.manufacturer))),
        ("Model", DataTypeId::LocalizedText, DataValue::new_now(text(&spec.model))),
        ("SerialNumber", DataTypeId::String, DataValue::new_now(serial_number)),
        ("SoftwareRevision", DataTypeId::String, DataValue::new_now("1.0.0")),
    ] {
        let node = NodeId::new(maker, format!("{path}/{name}"));
        VariableBuilder::new(&node, QualifiedName::new(di, name), name)
            .data_type(data_type)
            .value(value.value.unwrap_or_default())
            .has_type_definition(VariableTypeId::PropertyType)
            .property_of(device.clone())
            .insert(space);
    }
    let steamer = NodeId::new(maker, format!("{path}/CombiSteamer"));
    ObjectBuilder::new(&steamer, QualifiedName::new(cke, "CombiSteamer"), "CombiSteamer")
        .has_type_definition(NodeId::new(cke, COMBI_STEAMER_TYPE))
        .component_of(device)
        .insert(space);
    let variable = |variable: values::Variable| {
        let name = variable.name.as_str();
        let node = NodeId::new(maker, format!("{path}/CombiSteamer/{name}"));
        VariableBuilder::new(&node, QualifiedName::new(cke, name), name)
            .data_type(variable.data_type)
            .access_level(AccessLevel::CURRENT_READ)
            .user_access_level(AccessLevel::CURRENT_READ)
            .has_type_definition(VariableTypeId::BaseDataVariableType)
            .component_of(steamer.clone())
            .insert(space);
        node
    };
    values::variables(spec).into_iter().map(variable).collect()
}

#[async_trait]
impl InMemoryNodeManagerImpl for Device {
    async fn init(&self, _space: &mut AddressSpace, _context: ServerContext) {}

    fn name(&self) -> &'static str {
        "oven"
    }

    fn namespaces(&self) -> Vec<NamespaceMetadata> {
        self.namespaces.clone()
    }
}
