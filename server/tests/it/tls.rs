//! Certificates: an oven over HTTPS with an authority of its own.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

use crate::harness::{Bakery, Visitor};

struct Authority {
    pem: String,
    key: KeyPair,
    params: CertificateParams,
}

fn authority() -> Authority {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { pem, key, params }
}

/// Serves `{"temperature": 180.5}` over TLS with a certificate for `name`; returns its port.
async fn oven(authority: &Authority, name: &str, days_valid: i64) -> u16 {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let now = time::OffsetDateTime::now_utc();
    params.not_before = now - time::Duration::days(30);
    params.not_after = now + time::Duration::days(days_valid);
    let issuer = Issuer::from_params(&authority.params, &authority.key);
    let certificate = params.signed_by(&key, &issuer).unwrap();
    let chain = vec![CertificateDer::from(certificate.der().to_vec())];
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                while matches!(stream.read(&mut request).await, Ok(read) if read > 0) {
                    let body = r#"{"temperature": 180.5}"#;
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len());
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    port
}

async fn test(admin: &Visitor, id: &str, port: u16, config: Value) -> Value {
    let mut config = config;
    config["data_endpoint"] = json!("/data");
    let request =
        json!({"protocol": "rest_api", "endpoint": "https://localhost", "port": port, "additional_config": config});
    admin.post(&format!("/api/v1/equipment/{id}/test-connection"), &request).await.json().await.unwrap()
}

#[tokio::test]
async fn certificates_are_checked_as_the_admin_says() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Horno", "iot_enabled": false})).await;
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let (ours, theirs) = (authority(), authority());
    let good = oven(&ours, "localhost", 30).await;
    let other_name = oven(&ours, "horno.example", 30).await;
    let expired = oven(&ours, "localhost", -1).await;

    let trusted = test(&admin, &id, good, json!({"ca_certificate": ours.pem})).await;
    assert_eq!(trusted["success"], true, "{trusted}");
    assert_eq!(trusted["reading"]["temperature"], 180.5);
    let stages: Vec<_> = trusted["stages"].as_array().unwrap().iter().map(|s| s["stage"].as_str().unwrap()).collect();
    assert_eq!(stages, ["settings", "address", "port", "tls", "login", "values"]);

    let unchecked = test(&admin, &id, expired, json!({"verify_ssl": false})).await;
    assert_eq!(unchecked["success"], true, "{unchecked}");

    for (port, config, what) in [
        (good, json!({}), "the system does not know our authority"),
        (good, json!({"ca_certificate": theirs.pem}), "another authority"),
        (other_name, json!({"ca_certificate": ours.pem}), "another name"),
        (expired, json!({"ca_certificate": ours.pem}), "expired"),
    ] {
        let refused = test(&admin, &id, port, config).await;
        assert_eq!(refused["error_kind"], "tls", "{what}: {refused}");
        assert_eq!(refused["stages"].as_array().unwrap().last().unwrap()["stage"], "tls", "{what}");
    }
}

#[tokio::test]
async fn a_tls_failure_while_polling_is_its_own_log_entry() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let port = oven(&authority(), "localhost", 30).await;
    let draft = json!({
        "name": "Horno", "poll_interval_seconds": 1, "iot_protocol": "rest_api",
        "iot_endpoint": format!("https://localhost:{port}"), "iot_config": {"ca_certificate": authority().pem},
    });
    let made: Value = admin.post("/api/v1/equipment", &draft).await.json().await.unwrap();
    let id = made["id"].as_str().unwrap().parse().unwrap();
    let entry = bakery.logged(&admin, id, "tls_failed").await;
    assert_eq!((&entry["error_code"], &entry["connection_status"]), (&json!("tls"), &json!("error")));
}

#[tokio::test]
async fn plain_http_spoken_to_a_tls_client_is_a_tls_failure() {
    let bakery = Bakery::open().await;
    let admin = bakery.login("admin").await;
    let made = admin.post("/api/v1/equipment", &json!({"name": "Horno", "iot_enabled": false})).await;
    let id = made.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    let plain = bakery.server.address.port();
    let refused = test(&admin, &id, plain, json!({"verify_ssl": false})).await;
    assert_eq!(refused["error_kind"], "tls", "{refused}");
}
