//! Connecting by RTSP, each step with a deadline.

use camera_pictures::video::Codec;
use camera_settings::{Address, CameraSpec, Transport};
use retina::{
    client::{
        Credentials, Demuxed, PlayOptions, SessionOptions, SetupOptions, TcpTransportOptions,
        Transport as Carrier, UdpTransportOptions,
    },
    codec::FrameFormat,
};
use tokio::time::timeout;

use super::{Coding, bridge::Bridge};
use crate::{Outage, deadlines::STEP, outage::HasLogin, resolving::url_within_reach};

/// A session that plays.
pub(super) struct Session {
    pub(super) demuxed: Demuxed,
    /// The bridge that it comes through, unless it comes as datagrams.
    pub(super) bridge: Option<Bridge>,
    /// Which of the session's streams it is.
    pub(super) stream: usize,
    pub(super) coding: Coding,
}

impl Session {
    pub(super) async fn open(spec: &CameraSpec, at: &Address) -> Result<Self, Outage> {
        let login = spec.login.as_ref().map(|login| Credentials {
            username: login.username.clone(),
            password: login.reveal().to_owned(),
        });
        let has_login = if login.is_some() {
            HasLogin::Yes
        } else {
            HasLogin::No
        };
        let options = SessionOptions::default()
            .creds(login)
            .user_agent("framewatch".to_owned());
        let (bridge, url) = match spec.transport {
            Transport::Tcp => {
                let (bridge, url) = Bridge::open(spec, at).await?;
                (Some(bridge), url)
            }
            // The camera sends its datagrams to where our connection comes from.
            Transport::Udp => (None, url_within_reach(at, &spec.reach).await?),
        };
        let describing = retina::client::Session::describe(url, options);
        let mut session = step("describe its video", has_login, describing).await?;
        let (stream, coding) = chosen(session.streams())?;
        let setup = SetupOptions::default()
            .transport(match spec.transport {
                Transport::Tcp => Carrier::Tcp(TcpTransportOptions::default()),
                Transport::Udp => Carrier::Udp(UdpTransportOptions::default()),
            })
            .frame_format(FrameFormat::SIMPLE);
        step("set its video up", has_login, session.setup(stream, setup)).await?;
        let playing = step(
            "play its video",
            has_login,
            session.play(PlayOptions::default()),
        )
        .await?;
        Ok(Session {
            demuxed: playing.demuxed().map_err(|error| outage(&error))?,
            bridge,
            stream,
            coding,
        })
    }
}

/// The first stream that can be used.
fn chosen(streams: &[retina::client::Stream]) -> Result<(usize, Coding), Outage> {
    let mut others = Vec::new();
    for (index, stream) in streams
        .iter()
        .enumerate()
        .filter(|(_, stream)| stream.media() == "video")
    {
        match stream.encoding_name() {
            "h264" => return Ok((index, Coding::Video(Codec::H264))),
            "h265" => return Ok((index, Coding::Video(Codec::H265))),
            "jpeg" => return Ok((index, Coding::Jpeg)),
            other => others.push(other.chars().take(20).collect::<String>()),
        }
    }
    Err(Outage::refused(match others.is_empty() {
        true => "the camera offers no video at this path: check the URL".to_owned(),
        false => format!(
            "the camera's video is coded as {}: set it to H.264, H.265 or MJPEG",
            others.join(", ")
        ),
    }))
}

async fn step<T>(
    what: &str,
    has_login: HasLogin,
    work: impl Future<Output = Result<T, retina::Error>>,
) -> Result<T, Outage> {
    match timeout(STEP, work).await {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) if error.status_code() == Some(401) => Err(Outage::login(has_login)),
        Ok(Err(error)) => Err(outage(&error)),
        Err(_) => Err(Outage::silent(format!(
            "the camera did not {what} within {STEP:?}: is it on, and is the address right?"
        ))),
    }
}

/// Only the first line of what retina says of an error is for people. The rest is for whoever has recorded the packets.
pub(super) fn outage(error: &retina::Error) -> Outage {
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default().trim();
    let said: String = first.chars().take(200).collect();
    match error.status_code() {
        Some(403) => Outage::refused(
            "the camera lets this user not see its video (403): give it the right in the camera",
        ),
        Some(404) => Outage::refused("the camera has no video at this path (404): check the URL"),
        Some(453 | 503) => Outage::refused(
            "the camera serves no more viewers: end others, or take a stream of less quality",
        ),
        Some(code) if code >= 400 => Outage::refused(format!("the camera refuses: {said}")),
        _ if said.contains("Connection refused") => Outage::silent(
            "the camera's address takes no connections there: is it on, is RTSP switched on, and is the port right?",
        ),
        _ => Outage::silent(format!("no video: {said}")),
    }
}
