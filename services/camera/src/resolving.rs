//! Where a camera's name leads. A camera that was set by API may be in some networks only, whatever its name stands
//! for. So we connect to the very address that was checked.

use std::net::SocketAddr;

use camera_settings::{Address, Reach};
use tokio::{net::lookup_host, time::timeout};
use url::Url;

use crate::{Outage, deadlines::STEP};

/// The addresses of a camera that are within reach; at least one.
pub(crate) async fn resolve(address: &Address, reach: &Reach) -> Result<Vec<SocketAddr>, Outage> {
    let (host, port) = address.host_and_port();
    let places: Vec<SocketAddr> = match timeout(STEP, lookup_host((host, port))).await {
        Ok(Ok(places)) => places.collect(),
        _ => Vec::new(),
    };
    let Some(first) = places.first().copied() else {
        return Err(Outage::silent(format!(
            "the name {host} has no address: is it written right?"
        )));
    };
    let within: Vec<_> = places
        .into_iter()
        .filter(|place| reach.has(place.ip()))
        .collect();
    match (within.is_empty(), reach) {
        (true, Reach::Within(networks)) => Err(Outage::refused(format!(
            "its address {} is not in the networks in which cameras may be that are set by API ({networks}): --camera-addresses \
             sets them",
            first.ip()
        ))),
        _ => Ok(within),
    }
}

/// The URL to connect to. Where the camera's reach has bounds, it has an address in place of the name.
pub(crate) async fn url_within_reach(address: &Address, reach: &Reach) -> Result<Url, Outage> {
    let mut url = address.url().clone();
    if let Reach::Within(_) = reach {
        let places = resolve(address, reach).await?;
        let place = places.first().map(SocketAddr::ip);
        let is_set = place.is_some_and(|place| url.set_ip_host(place).is_ok());
        if !is_set {
            return Err(Outage::refused(
                "its URL takes no address in place of its name",
            ));
        }
    }
    Ok(url)
}
