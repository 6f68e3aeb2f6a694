//! Trying a camera step by step, for whoever sets one up.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use camera_settings::{Address, CameraSource, CameraSpec, CertificatePin};
use proto::v1::SourceState;
use service_runtime::CpuQueue;
use tokio::{net::TcpStream, time::timeout};

use crate::{Outage, Picture, Source, deadlines::STEP, resolving::resolve, tls};

/// A step that worked.
#[derive(Debug)]
pub enum Step {
    /// Its host has these addresses.
    Resolved(Vec<SocketAddr>),
    /// One of them takes connections.
    Connected(SocketAddr),
    /// It let us in, and this is how its pictures come.
    Opened(&'static str),
    /// A picture came, so long after asking for it.
    Pictured(Picture, Duration),
    /// So long after it came another.
    Again(Duration),
}

impl Step {
    /// In words, of this camera.
    pub fn said(&self, spec: &CameraSpec) -> String {
        match self {
            Step::Resolved(addresses) => {
                let addresses: Vec<_> = addresses.iter().map(|at| at.ip().to_string()).collect();
                format!("resolves to {}", addresses.join(", "))
            }
            Step::Connected(address) => format!("takes connections at {address}"),
            Step::Opened(kind) => match &spec.login {
                Some(_) => format!("lets us in, and has {kind}"),
                None if spec.source.address().is_some() => {
                    format!("asks for no login, and has {kind}")
                }
                None => format!("has {kind}"),
            },
            Step::Pictured(picture, after) => {
                let (width, height) = picture.size;
                let bytes = picture.bytes.len();
                format!(
                    "a picture of {width}x{height}, {bytes} bytes as {}, after {:.1} s",
                    picture.content_type,
                    after.as_secs_f64()
                )
            }
            Step::Again(after) => format!("the next one after {:.1} s", after.as_secs_f64()),
        }
    }
}

/// How long to wait for a picture in an empty folder.
const FILE_WITHIN: Duration = Duration::from_secs(10);

/// Tries a camera, and says each step that worked. Ends with the second picture. Video is decoded through `cpu`.
///
/// # Errors
/// Why the next step did not work.
pub async fn probe(
    spec: &CameraSpec,
    cpu: &CpuQueue,
    mut said: impl FnMut(Step),
) -> Result<(), Outage> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut addresses = Vec::new();
    if let Some(address) = spec.source.address() {
        addresses = resolve(address, &spec.reach).await?;
        said(Step::Resolved(addresses.clone()));
        said(Step::Connected(connect(&addresses).await?));
    }
    let began = Instant::now();
    let mut source = match Source::open(spec, cpu).await {
        Ok(source) => source,
        Err(outage) => return Err(with_certificate(spec, &addresses, outage).await),
    };
    said(Step::Opened(source.kind()));
    if let CameraSource::Folder(_) = spec.source {
        // The next one may take hours.
        let picture = timeout(FILE_WITHIN, source.next()).await;
        let picture = picture.map_err(|_| {
            Outage::silent("there is no picture in the folder yet: does its camera write there?")
        })?;
        said(Step::Pictured(picture?, began.elapsed()));
        return Ok(());
    }
    let picture = source.next().await?;
    said(Step::Pictured(picture, began.elapsed()));
    let first = Instant::now();
    source.next().await?;
    said(Step::Again(first.elapsed()));
    Ok(())
}

/// The first that takes connections.
async fn connect(addresses: &[SocketAddr]) -> Result<SocketAddr, Outage> {
    let mut outage = Outage::silent("it has no address");
    for address in addresses {
        outage = match timeout(STEP, TcpStream::connect(address)).await {
            Ok(Ok(_)) => return Ok(*address),
            Ok(Err(error)) => Outage::silent(format!(
                "{address} takes no connection: {error}; is the camera on, and is the port right?"
            )),
            Err(_) => Outage::silent(format!(
                "{address} does not answer within {STEP:?}: is the camera on, and in this network?"
            )),
        };
    }
    Err(outage)
}

/// Adds what to pin, where nobody who is known has signed the camera's certificate.
async fn with_certificate(spec: &CameraSpec, at: &[SocketAddr], outage: Outage) -> Outage {
    let address = spec.source.address();
    let unpinned = address.filter(|address| spec.pin.is_none() && address.is_in_tls());
    let Some(address) = unpinned else {
        return outage;
    };
    if outage.state != SourceState::Silent || !outage.reason.contains("certificate") {
        return outage;
    }
    match shown_certificate(address, at).await {
        Some(pin) => Outage::refused(format!(
            "nobody who is known has signed the camera's certificate. Its SHA-256 is {pin}: if the camera's own page shows the \
             same, set it as the pinned certificate"
        )),
        None => outage,
    }
}

async fn shown_certificate(address: &Address, at: &[SocketAddr]) -> Option<CertificatePin> {
    let stream = timeout(STEP, TcpStream::connect(at)).await.ok()?.ok()?;
    tls::shown(address, stream).await
}
