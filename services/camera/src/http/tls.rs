//! Certificates that are known by what they hash to. Who signed them and for which name does not count then, as with the keys
//! of SSH: cameras sign their own, for names of their own.

use std::sync::{Arc, Mutex, PoisonError};

use camera_settings::CertificatePin;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

use crate::Outage;

/// Takes one certificate and no other; notes which was shown.
#[derive(Debug)]
struct Pinned {
    pin: Option<CertificatePin>,
    shown: Shown,
    provider: Arc<CryptoProvider>,
}

/// The certificate that was shown last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown(Arc<Mutex<Option<CertificatePin>>>);

impl Shown {
    pub(crate) fn last(&self) -> Option<CertificatePin> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client's settings by which this certificate alone is taken.
pub(super) fn only(pin: CertificatePin) -> Result<ClientConfig, Outage> {
    config(Some(pin), Shown::default())
}

/// A client's settings by which no certificate is taken, and the one noted that is shown.
pub(crate) fn none_but_noted(shown: Shown) -> Result<ClientConfig, Outage> {
    config(None, shown)
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
        *self.shown.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(shown);
        match self.pin {
            Some(pin) if pin == shown => Ok(ServerCertVerified::assertion()),
            Some(_) => Err(Error::General(format!(
                "the camera shows another certificate than the pinned one: {shown}"
            ))),
            None => Err(Error::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }

    /// That whoever shows it has its key.
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
