//! The way to a camera through this process: a port on loopback for retina, which takes no connection of ours, and our own
//! connection to the camera, in TLS where that is `rtsps://`. Whatever passes is counted, since retina bounds nothing that it gathers
//! of one picture.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use camera_settings::{Address, CameraSpec};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, copy, split},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::{Outage, deadlines::STEP, resolving::resolve, tls};

/// How much may come without a whole picture: three times what the largest picture may have, since some of it waits in
/// the system meanwhile.
const MAX_UNFINISHED: usize = 24 * 1024 * 1024;

/// How much is carried at a time.
const CARRIED: usize = 16 * 1024;

/// A way to a camera; gone when dropped.
pub(super) struct Bridge {
    flow: Arc<Flow>,
    _task: AbortOnDropHandle<()>,
}

/// How much came since the last whole picture.
#[derive(Default)]
struct Flow {
    unfinished: AtomicUsize,
    is_overfull: AtomicBool,
}

impl Bridge {
    /// Connects to a camera; gives the URL by which it is reached through here.
    pub(super) async fn open(spec: &CameraSpec, at: &Address) -> Result<(Self, Url), Outage> {
        let camera = connect(&resolve(at, &spec.reach).await?).await?;
        let no_port = |error| Outage::silent(format!("no port on loopback is to be had: {error}"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(no_port)?;
        let port = listener.local_addr().map_err(no_port)?.port();
        let url = through_here(at, port)?;
        let flow = Arc::new(Flow::default());
        let task = if at.is_in_tls() {
            let camera = tls::connect(spec, at, camera).await?;
            tokio::spawn(carry(listener, camera, Arc::clone(&flow)))
        } else {
            tokio::spawn(carry(listener, camera, Arc::clone(&flow)))
        };
        let bridge = Bridge {
            flow,
            _task: AbortOnDropHandle::new(task),
        };
        Ok((bridge, url))
    }

    /// A picture is whole.
    pub(super) fn is_whole(&self) {
        self.flow.unfinished.store(0, Ordering::Relaxed);
    }

    /// Whether more came without a whole picture than any picture has.
    pub(super) fn is_overfull(&self) -> bool {
        self.flow.is_overfull.load(Ordering::Relaxed)
    }
}

impl Flow {
    /// Counts what came; whether that is too much.
    fn came(&self, bytes: usize) -> bool {
        let before = self.unfinished.fetch_add(bytes, Ordering::Relaxed);
        let is_too_much = before + bytes > MAX_UNFINISHED;
        if is_too_much {
            self.is_overfull.store(true, Ordering::Relaxed);
        }
        is_too_much
    }
}

/// The first of its addresses that takes connections.
async fn connect(addresses: &[SocketAddr]) -> Result<TcpStream, Outage> {
    let mut outage = Outage::silent("the camera has no address");
    for address in addresses {
        outage = match timeout(STEP, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                stream.set_nodelay(true).ok();
                return Ok(stream);
            }
            Ok(Err(error)) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                Outage::silent(
                    "the camera's address takes no connections there: is it on, is RTSP switched on, and is the port right?",
                )
            }
            Ok(Err(error)) => Outage::silent(format!("no connection to the camera: {error}")),
            Err(_) => Outage::silent(format!(
                "the camera did not take a connection within {STEP:?}: is it on, and is the address right?"
            )),
        };
    }
    Err(outage)
}

fn through_here(at: &Address, port: u16) -> Result<Url, Outage> {
    let mut url = at.url().clone();
    let is_set = url.set_scheme("rtsp").is_ok()
        && url.set_ip_host(Ipv4Addr::LOCALHOST.into()).is_ok()
        && url.set_port(Some(port)).is_ok();
    match is_set {
        true => Ok(url),
        false => Err(Outage::refused(
            "its URL takes no address in place of its name",
        )),
    }
}

/// Carries what one comer and the camera say, until one of them ends or too much comes.
async fn carry(listener: TcpListener, camera: impl AsyncRead + AsyncWrite, flow: Arc<Flow>) {
    let Ok(Ok((local, _))) = timeout(STEP, listener.accept()).await else {
        return;
    };
    drop(listener);
    local.set_nodelay(true).ok();
    let (mut from_us, mut to_us) = local.into_split();
    let (mut from_camera, mut to_camera) = split(camera);
    let down = async {
        let mut buffer = vec![0; CARRIED];
        while let Ok(bytes @ 1..) = from_camera.read(&mut buffer).await {
            if flow.came(bytes) || to_us.write_all(&buffer[..bytes]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        // Whoever hangs up is told to whoever reads.
        _ = copy(&mut from_us, &mut to_camera) => {}
        () = down => {}
    }
}
