//! An RTSP server with what cameras send, by GStreamer.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;
use test_support::{Signal, lines_of, signal};

/// A server; gone when dropped.
pub(crate) struct RtspCamera {
    child: Child,
    port: u16,
    _folder: TempDir,
}

impl RtspCamera {
    pub(crate) fn start() -> Self {
        Self::with_login(&[])
    }

    /// A server that asks for a user and a password; by Basic where that is the third.
    pub(crate) fn with_login(login: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        make_open_h265(&folder);
        // The one that has what Debian's packages bring.
        let mut child = Command::new("/usr/bin/python3")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/rtsp_server.py"))
            .arg(folder.path())
            .args(login)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let port = lines_of(child.stdout.take().unwrap()).next();
        let port = port.and_then(|port| port.parse().ok()).expect(
            "the RTSP server of GStreamer is there: scripts/get-tools.sh rtsp-server gets it",
        );
        RtspCamera {
            child,
            port,
            _folder: folder,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{path}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn stop(&self) {
        signal(&self.child, Signal::STOP);
    }

    pub(crate) fn go_on(&self) {
        signal(&self.child, Signal::CONT);
    }
}

impl Drop for RtspCamera {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Ten seconds of H.265 in open groups: after the first key frame all are of the kind CRA.
fn make_open_h265(folder: &TempDir) {
    let open = "keyint=10:min-keyint=10:open-gop=1:bframes=3:scenecut=0:log-level=error";
    let made = Command::new("ffmpeg")
        .args([
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=size=320x176:rate=10",
        ])
        .args(["-t", "10", "-pix_fmt", "yuv420p", "-c:v", "libx265"])
        .args([
            "-preset",
            "ultrafast",
            "-x265-params",
            open,
            "-tag:v",
            "hvc1",
        ])
        .arg(folder.path().join("open.mp4"))
        .status()
        .expect("ffmpeg is there: scripts/get-tools.sh ffmpeg gets it");
    assert!(made.success());
}

/// A server that says yes to everything, and sends no video once it plays; where it is.
pub(crate) fn start_mute() -> String {
    start_agreeing(|_| Ok(()))
}

/// A server that sends one picture, in parts of 1400 bytes, as long as anybody reads; where it is.
pub(crate) fn start_endless() -> String {
    start_agreeing(|mut stream| {
        let mut packet = vec![b'$', 0, 0, 0];
        // RTP, and the fragment of a key slice in H.264 (RFC 6184, 5.8), the first with its mark.
        packet.extend([0x80, 96, 0, 0, 0, 0, 0, 9, 0, 0, 0, 1, 0x7C, 0x85]);
        packet.resize(4 + 1400, 0xA5);
        let length = u16::try_from(packet.len() - 4).unwrap().to_be_bytes();
        packet[2..4].copy_from_slice(&length);
        for number in 0_u64.. {
            let number = u16::try_from(number % 65536).unwrap();
            packet[6..8].copy_from_slice(&number.to_be_bytes());
            stream.write_all(&packet)?;
            packet[17] = 0x05;
        }
        Ok(())
    })
}

fn start_agreeing(play: fn(&TcpStream) -> std::io::Result<()>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rtsp://{}/mute", listener.local_addr().unwrap());
    let base = url.clone();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Whoever hangs up before the end is not missed.
            agree(&stream.unwrap(), &base, play).ok();
        }
    });
    url
}

fn agree(
    stream: &TcpStream,
    base: &str,
    play: fn(&TcpStream) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=mute\r\nt=0 0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n\
               a=fmtp:96 packetization-mode=1;sprop-parameter-sets=Z0LAHtkAoD2wFqAgICgAAAMACAAAAwFHixZg,aMuMsg==\r\n\
               a=control:video\r\n";
    let (mut method, mut number) = (String::new(), String::new());
    for line in BufReader::new(stream).lines() {
        let line = line?;
        if let Some((first, _)) = line.split_once(" rtsp://") {
            method = first.to_owned();
        } else if let Some(sequence) = line.strip_prefix("CSeq: ") {
            number = sequence.to_owned();
        }
        if !line.is_empty() {
            continue;
        }
        let (headers, body) = match method.as_str() {
            "DESCRIBE" => (
                format!(
                    "Content-Type: application/sdp\r\nContent-Base: {base}/\r\nContent-Length: {}\r\n",
                    sdp.len()
                ),
                sdp,
            ),
            "SETUP" => (
                "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n".to_owned(),
                "",
            ),
            _ => ("Session: 1\r\n".to_owned(), ""),
        };
        let mut stream = stream;
        write!(
            stream,
            "RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{headers}\r\n{body}"
        )?;
        if method == "PLAY" {
            play(stream)?;
        }
    }
    Ok(())
}
