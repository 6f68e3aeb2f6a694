//! TLS to cameras, and certificates that are known by what they hash to. Who signed them and for which name does not count then, as with the keys
//! of SSH: cameras sign their own, for names of their own.

use std::sync::Arc;

use parking_lot::Mutex;

use camera_settings::{Address, CameraSpec, CertificatePin};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{Outage, deadlines::STEP};

/// Takes one certificate and no other; notes which was shown.
#[derive(Debug)]
struct Pinned {
    pin: Option<CertificatePin>,
    shown: Shown,
    provider: Arc<CryptoProvider>,
}

/// The certificate that was shown last.
#[derive(Debug, Clone, Default)]
struct Shown(Arc<Mutex<Option<CertificatePin>>>);

impl Shown {
    fn last(&self) -> Option<CertificatePin> {
        *self.0.lock()
    }
}

/// A client's settings by which this certificate alone is taken.
pub(crate) fn only(pin: CertificatePin) -> Result<ClientConfig, Outage> {
    config(Some(pin), Shown::default())
}

/// A client's settings by which no certificate is taken, and the one noted that is shown.
fn none_but_noted(shown: Shown) -> Result<ClientConfig, Outage> {
    config(None, shown)
}

/// TLS on a connection to a camera, by the pinned certificate or the file of authorities of its own.
pub(crate) async fn connect(
    spec: &CameraSpec,
    at: &Address,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Outage> {
    let config = match (spec.pin, &spec.authority) {
        (Some(pin), _) => only(pin)?,
        (None, Some(pem)) => signed_by(pem)?,
        // Nobody signs the certificate of a camera who signs for the whole world.
        (None, None) => none_but_noted(Shown::default())?,
    };
    handshake(config, at, stream).await
}

/// The certificate that is shown where a camera is.
pub(crate) async fn shown(at: &Address, stream: TcpStream) -> Option<CertificatePin> {
    let shown = Shown::default();
    let config = none_but_noted(shown.clone()).ok()?;
    // It never gets as far as saying anything: no certificate is taken.
    handshake(config, at, stream).await.err()?;
    shown.last()
}

async fn handshake(
    config: ClientConfig,
    at: &Address,
    stream: TcpStream,
) -> Result<TlsStream<TcpStream>, Outage> {
    let (host, _) = at.host_and_port();
    let name = ServerName::try_from(host.to_owned());
    let name = name.map_err(|_| Outage::refused("the camera's name is none that TLS knows"))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    match timeout(STEP, connecting).await {
        Ok(Ok(stream)) => Ok(stream),
        Ok(Err(error)) => Err(Outage::silent(format!("no TLS with the camera: {error}"))),
        Err(_) => Err(Outage::silent(format!(
            "the camera did not agree on TLS within {STEP:?}: does it speak TLS at this port?"
        ))),
    }
}

fn signed_by(pem: &[u8]) -> Result<ClientConfig, Outage> {
    let unusable = || Outage::refused("ca-file holds no certificate (PEM) that can be used");
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|_| unusable())?;
        authorities.add(certificate).map_err(|_| unusable())?;
    }
    if authorities.is_empty() {
        return Err(unusable());
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Outage::silent(format!("no TLS: {error}")))?;
    Ok(builder
        .with_root_certificates(authorities)
        .with_no_client_auth())
}

fn config(pin: Option<CertificatePin>, shown: Shown) -> Result<ClientConfig, Outage> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| Outage::silent(format!("no TLS: {error}")))?;
    let pinned = Pinned {
        pin,
        shown,
        provider,
    };
    let config = builder
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(pinned));
    Ok(config.with_no_client_auth())
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let shown = CertificatePin::of(certificate);
        *self.shown.0.lock() = Some(shown);
        match self.pin {
            Some(pin) if pin == shown => Ok(ServerCertVerified::assertion()),
            Some(_) => Err(Error::General(format!(
                "the camera shows another certificate than the pinned one: {shown}"
            ))),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    /// Checks that whoever shows the certificate has its key.
    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let algorithms = &self.provider.signature_verification_algorithms;
        algorithms.supported_schemes()
    }
}
