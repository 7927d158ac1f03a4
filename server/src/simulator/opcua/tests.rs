//! The simulated OPC UA ovens asked by a client over real sockets.

use std::sync::Arc;
use std::time::Duration;

use opcua::client::{ClientBuilder, IdentityToken, Session};
use opcua::crypto::SecurityPolicy;
use opcua::types::{
    AttributeId, BrowsePath, DataValue, MessageSecurityMode, NodeId, QualifiedName, ReadValueId, ReferenceTypeId,
    RelativePath, RelativePathElement, StatusCode, TimestampsToReturn, UserTokenPolicy, Variant,
};
use tempfile::TempDir;
use tokio::time::timeout;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::simulator::bakery::{FleetKind, fleet_of};
use crate::simulator::spec::Credentials;
use crate::simulator::{Fault, RunningOven, Simulator};

const DEADLINE: Duration = Duration::from_secs(60);
const CKE: &str = "http://opcfoundation.org/UA/CommercialKitchenEquipment/";
const DI: &str = "http://opcfoundation.org/UA/DI/";

struct Peer {
    simulator: Simulator,
    oven: RunningOven,
    _guard: DropGuard,
    folder: TempDir,
}

impl Peer {
    fn start(credentials: Credentials) -> Self {
        let mut specs = fleet_of(FleetKind::OpcUa, 1);
        specs[0].credentials = credentials;
        let shutdown = CancellationToken::new();
        let simulator = Simulator::start(specs, shutdown.clone()).expect("the oven starts");
        let oven = simulator.ovens().remove(0);
        Self { simulator, oven, _guard: shutdown.drop_guard(), folder: TempDir::new().expect("a folder") }
    }

    async fn fault(&self, fault: Fault) {
        self.simulator.set_fault(&self.oven.spec.id, fault).await.expect("the fault is set");
    }

    /// A session, or why there is none.
    async fn session(
        &self,
        policy: SecurityPolicy,
        mode: MessageSecurityMode,
        user: IdentityToken,
    ) -> Result<Arc<Session>, StatusCode> {
        let mut client = ClientBuilder::new()
            .application_name("test")
            .application_uri("urn:test")
            .pki_dir(self.folder.path())
            .create_sample_keypair(policy != SecurityPolicy::None)
            .trust_server_certs(true)
            .verify_server_certs(false)
            .session_retry_limit(0)
            .client()
            .expect("a client");
        let url = format!("opc.tcp://{}/", self.oven.addr);
        let endpoint = (url.as_str(), policy.to_str(), mode, UserTokenPolicy::anonymous());
        let connecting = async {
            let (session, events) =
                client.connect_to_matching_endpoint(endpoint, user).await.map_err(|e| e.status())?;
            let ended = events.spawn();
            tokio::select! {
                connected = session.wait_for_connection() => connected.then_some(session).ok_or(StatusCode::BadNotConnected),
                status = ended => Err(status.unwrap_or(StatusCode::BadUnexpectedError)),
            }
        };
        timeout(DEADLINE, connecting).await.map_err(|_| StatusCode::BadTimeout)?
    }

    async fn anonymous(&self) -> Result<Arc<Session>, StatusCode> {
        self.session(SecurityPolicy::None, MessageSecurityMode::None, IdentityToken::Anonymous).await
    }
}

/// The node at the end of browse names from `Objects`, each `namespace index:name`.
async fn find(session: &Session, names: &[(u16, &str)]) -> NodeId {
    let element = |(namespace, name): &(u16, &str)| RelativePathElement {
        reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
        is_inverse: false,
        include_subtypes: true,
        target_name: QualifiedName::new(*namespace, *name),
    };
    let relative_path = RelativePath { elements: Some(names.iter().map(element).collect()) };
    let path = BrowsePath { starting_node: NodeId::objects_folder_id(), relative_path };
    let found = session.translate_browse_paths_to_node_ids(&[path]).await.expect("an answer");
    let targets = found[0].targets.clone().unwrap_or_default();
    targets
        .first()
        .unwrap_or_else(|| panic!("{names:?} is not there: {}", found[0].status_code))
        .target_id
        .node_id
        .clone()
}

async fn read(session: &Session, node: &NodeId) -> DataValue {
    let what = ReadValueId { node_id: node.clone(), attribute_id: AttributeId::Value as u32, ..Default::default() };
    session.read(&[what], TimestampsToReturn::Both, 0.0).await.expect("an answer").remove(0)
}

/// Reads until the value is as wanted.
async fn until(session: &Session, node: &NodeId, wanted: impl Fn(&DataValue) -> bool) -> DataValue {
    let reading = async {
        loop {
            let value = read(session, node).await;
            if wanted(&value) {
                return value;
            }
            tokio::task::yield_now().await;
        }
    };
    timeout(DEADLINE, reading).await.expect("the value comes")
}

async fn variable(session: &Session, name: &str) -> NodeId {
    let (di, cke) = (index(session, DI).await, index(session, CKE).await);
    let maker = index(session, super::nodes::MAKER).await;
    find(session, &[(di, "DeviceSet"), (maker, "oven-0001"), (cke, "CombiSteamer"), (cke, name)]).await
}

async fn index(session: &Session, uri: &str) -> u16 {
    session.get_namespace_index(uri).await.expect("the namespace is there")
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_found_by_their_names_and_move() {
    let peer = Peer::start(Credentials::Open);
    let session = peer.anonymous().await.expect("a session");
    let node = variable(&session, "ActualTemperatureChamber_0").await;
    let first = read(&session, &node).await;
    assert!(matches!(first.value, Some(Variant::Float(celsius)) if (20.0..300.0).contains(&celsius)), "{first:?}");
    let next = until(&session, &node, |value| value.source_timestamp != first.source_timestamp).await;
    assert_eq!(next.status(), StatusCode::Good);
    let door = variable(&session, "IsDoorOpen").await;
    peer.simulator.set_door("oven-0001", Some(true));
    until(&session, &door, |value| value.value == Some(Variant::Boolean(true))).await;
    variable(&session, "ActualTemperatureChamber_39").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_sensor_is_bad_and_a_frozen_oven_repeats_itself() {
    let peer = Peer::start(Credentials::Open);
    let session = peer.anonymous().await.expect("a session");
    let node = variable(&session, "ActualTemperatureChamber_0").await;
    peer.fault(Fault::OutOfRange).await;
    until(&session, &node, |value| value.status() == StatusCode::BadSensorFailure).await;
    let mode = variable(&session, "CombiSteamerMode").await;
    assert_eq!(read(&session, &mode).await.status(), StatusCode::Good, "only sensors break");
    peer.fault(Fault::Frozen).await;
    let frozen = until(&session, &node, |value| value.status() == StatusCode::Good).await;
    let truth = || peer.simulator.snapshot("oven-0001").expect("the oven exists").time.as_second();
    let began = truth();
    while truth() < began + 2 {
        assert_eq!(read(&session, &node).await.source_timestamp, frozen.source_timestamp);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oven_that_was_down_comes_back_at_the_same_port_without_its_sessions() {
    let peer = Peer::start(Credentials::Open);
    peer.anonymous().await.expect("a session");
    peer.fault(Fault::Down).await;
    assert!(tokio::net::TcpStream::connect(peer.oven.addr).await.is_err(), "the port refuses");
    peer.fault(Fault::None).await;
    peer.anonymous().await.expect("a session again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_asked_for_on_every_endpoint() {
    let credentials = Credentials::Basic { username: "panadero".to_owned(), password: "masa".to_owned() };
    let peer = Peer::start(credentials);
    let login = |password: &str| IdentityToken::UserName("panadero".to_owned(), password.into());
    for (policy, mode) in [
        (SecurityPolicy::None, MessageSecurityMode::None),
        (SecurityPolicy::Basic256Sha256, MessageSecurityMode::SignAndEncrypt),
    ] {
        peer.session(policy, mode, login("masa")).await.unwrap_or_else(|status| panic!("{policy}: {status}"));
        assert!(peer.session(policy, mode, login("wrong")).await.is_err(), "{policy}");
    }
    assert!(peer.anonymous().await.is_err());
    peer.fault(Fault::WrongPassword).await;
    assert!(peer.session(SecurityPolicy::None, MessageSecurityMode::None, login("masa")).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hanging_line_answers_when_the_fault_is_lifted() {
    let peer = Peer::start(Credentials::Open);
    let session = peer.anonymous().await.expect("a session");
    let node = variable(&session, "SetTemperature").await;
    peer.fault(Fault::Hang).await;
    timeout(Duration::from_millis(300), read(&session, &node)).await.expect_err("there is no answer");
    peer.fault(Fault::None).await;
    timeout(DEADLINE, read(&session, &node)).await.expect("an answer");
}
