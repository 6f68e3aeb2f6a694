//! Trying a camera step by step, for whoever sets one up.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use service_runtime::CpuPool;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};

use crate::{CameraSpec, Outage, Picture, Source, deadlines::STEP};

/// What worked.
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

/// Tries a camera, and says each step that worked. Ends with the second picture.
///
/// # Errors
/// Why the next step did not work.
pub async fn probe(spec: &CameraSpec, mut said: impl FnMut(Step)) -> Result<(), Outage> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let (host, port) = spec.source.host_and_port();
    let resolved = timeout(STEP, lookup_host((host, port))).await;
    let addresses: Vec<SocketAddr> = match resolved {
        Ok(Ok(addresses)) => addresses.collect(),
        _ => Vec::new(),
    };
    let Some(first) = addresses.first().copied() else {
        return Err(Outage::silent(format!(
            "the name {host} has no address: is it written right?"
        )));
    };
    said(Step::Resolved(addresses));
    match timeout(STEP, TcpStream::connect(first)).await {
        Ok(Ok(_)) => said(Step::Connected(first)),
        Ok(Err(error)) => {
            return Err(Outage::silent(format!(
                "{first} takes no connection: {error}; is the camera on, and is the port right?"
            )));
        }
        Err(_) => {
            return Err(Outage::silent(format!(
                "{first} does not answer within {STEP:?}: is the camera on, and in this network?"
            )));
        }
    }
    let began = Instant::now();
    let mut source = Source::open(spec, &CpuPool::default().queue()).await?;
    said(Step::Opened(source.kind()));
    let picture = source.next().await?;
    said(Step::Pictured(picture, began.elapsed()));
    let first = Instant::now();
    source.next().await?;
    said(Step::Again(first.elapsed()));
    Ok(())
}
