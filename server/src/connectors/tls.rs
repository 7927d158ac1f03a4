//! How the certificate of an oven is checked.

use std::sync::{Arc, LazyLock};

use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use rustls_platform_verifier::BuilderVerifierExt;

/// Whom to trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The certificate authorities of the operating system.
    System,
    /// These certificates only, in PEM.
    Own(String),
    /// Anyone. For trying things out: the password then goes to whoever answers.
    Anyone,
}

/// The configuration of the system's authorities is made once: reading them takes time and memory.
static SYSTEM: LazyLock<Result<Arc<ClientConfig>, String>> = LazyLock::new(|| {
    builder()
        .with_platform_verifier()
        .map(|builder| Arc::new(builder.with_no_client_auth()))
        .map_err(|error| format!("the certificate authorities of this system cannot be read: {error}"))
});

fn builder() -> rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier> {
    ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring supports the default TLS versions")
}

/// The TLS settings for this trust; the error says what is wrong with the certificates.
pub fn client_config(trust: &Trust) -> Result<Arc<ClientConfig>, String> {
    match trust {
        Trust::System => SYSTEM.clone(),
        Trust::Own(pem) => Ok(Arc::new(builder().with_root_certificates(roots_from_pem(pem)?).with_no_client_auth())),
        Trust::Anyone => Ok(Arc::new(
            builder()
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(NoVerification(Arc::new(ring::default_provider()))))
                .with_no_client_auth(),
        )),
    }
}

/// Like [`client_config`], with a certificate that the peer asks for: its chain and its key, both in PEM.
pub fn client_config_with_identity(trust: &Trust, chain: &str, key: &str) -> Result<Arc<ClientConfig>, String> {
    let chain: Vec<CertificateDer> = CertificateDer::pem_slice_iter(chain.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|error| format!("not a PEM certificate: {error}"))?;
    if chain.is_empty() {
        return Err("no `-----BEGIN CERTIFICATE-----` block found".to_owned());
    }
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).map_err(|error| format!("not a PEM key: {error}"))?;
    let verified = match trust {
        Trust::System => builder()
            .with_platform_verifier()
            .map_err(|error| format!("the certificate authorities of this system cannot be read: {error}"))?,
        Trust::Own(pem) => builder().with_root_certificates(roots_from_pem(pem)?),
        Trust::Anyone => builder()
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(NoVerification(Arc::new(ring::default_provider())))),
    };
    let config = verified.with_client_auth_cert(chain, key);
    config.map(Arc::new).map_err(|error| format!("the certificate and the key do not fit: {error}"))
}

/// The certificates of a PEM text.
pub fn roots_from_pem(pem: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| format!("not a PEM certificate: {error}"))?;
        roots.add(certificate).map_err(|error| format!("not a usable certificate: {error}"))?;
    }
    if roots.is_empty() { Err("no `-----BEGIN CERTIFICATE-----` block found".to_owned()) } else { Ok(roots) }
}

/// Accepts any certificate, but still checks that the peer holds its key.
#[derive(Debug)]
struct NoVerification(Arc<CryptoProvider>);

impl ServerCertVerifier for NoVerification {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_certificates_is_refused_with_the_reason() {
        assert!(roots_from_pem("hello").unwrap_err().contains("BEGIN CERTIFICATE"));
        let broken = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
        assert!(roots_from_pem(broken).unwrap_err().contains("usable certificate"));
    }
}
