//! The certificate of the simulated controllers: one key for all of a process, because making one takes a while.

use std::path::Path;
use std::sync::OnceLock;

use opcua::crypto::{CertificateStore, X509, X509Data};
use tempfile::TempDir;

/// Names in a server's folder.
pub const CERTIFICATE: &str = "own/cert.der";
pub const PRIVATE_KEY: &str = "private/private.pem";

/// Certificate and private key as their files hold them.
type Made = Result<(Vec<u8>, Vec<u8>), String>;

/// Writes the certificate and its key into a server's folder.
pub fn put_into(folder: &Path) -> Result<(), String> {
    static MADE: OnceLock<Made> = OnceLock::new();
    let (certificate, key) = MADE.get_or_init(make).as_ref().map_err(Clone::clone)?;
    for (name, content) in [(CERTIFICATE, certificate), (PRIVATE_KEY, key)] {
        let path = folder.join(name);
        let written =
            path.parent().map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(&path, content));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn make() -> Made {
    let folder = TempDir::with_prefix("hornero-opcua-").map_err(|error| error.to_string())?;
    let data = X509Data {
        key_size: 2048,
        common_name: "Simulated oven".to_owned(),
        organization: "Hornero".to_owned(),
        organizational_unit: "Simulator".to_owned(),
        country: "ES".to_owned(),
        state: "-".to_owned(),
        alt_host_names: X509Data::alt_host_names(
            super::APPLICATION_URI,
            Some(vec!["127.0.0.1".to_owned()]),
            true,
            false,
            false,
        ),
        certificate_duration_days: 365,
    };
    let (certificate, key) = (folder.path().join("cert.der"), folder.path().join("key.pem"));
    let _: (X509, _) = CertificateStore::create_certificate_and_key(&data, true, &certificate, &key)?;
    let read = |path| std::fs::read(path).map_err(|error| error.to_string());
    Ok((read(certificate)?, read(key)?))
}
