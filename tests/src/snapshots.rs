//! A camera with snapshots, on loopback.

use std::{
    io::{self, BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    thread,
};

use crate::{View, picture};

/// A camera with snapshots: of a scene with noise, until its picture stands still. Then it goes on coding it anew. It lasts
/// as long as the test.
pub struct SnapshotCamera {
    address: SocketAddr,
    stands_still: Arc<AtomicBool>,
}

impl SnapshotCamera {
    /// Starts it on a free port.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let camera = SnapshotCamera {
            address: listener.local_addr().expect("it listens"),
            stands_still: Arc::default(),
        };
        let stands_still = Arc::clone(&camera.stands_still);
        let count = AtomicU32::new(0);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let number = count.fetch_add(1, Ordering::Relaxed);
                let seed = match stands_still.load(Ordering::Relaxed) {
                    true => 0,
                    false => number,
                };
                let snapshot = with_comment(picture(View::Dock, seed), number);
                // Whoever hangs up before the end is not missed.
                answer(stream, &snapshot).ok();
            }
        });
        camera
    }

    /// Where its snapshots are.
    pub fn url(&self) -> String {
        format!("http://{}/snap.jpg", self.address)
    }

    /// Whether its picture stands still from now on.
    pub fn stand_still(&self, stands_still: bool) {
        self.stands_still.store(stands_still, Ordering::Relaxed);
    }
}

fn answer(mut stream: TcpStream, body: &[u8]) -> io::Result<()> {
    let mut lines = BufReader::new(stream.try_clone()?).lines();
    let is_more = |line: &String| !line.is_empty();
    while lines.next().transpose()?.as_ref().is_some_and(is_more) {}
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// The same picture in other bytes.
fn with_comment(jpeg: Vec<u8>, number: u32) -> Vec<u8> {
    let comment = [&[0xFF, 0xFE, 0, 6][..], &number.to_be_bytes()].concat();
    [&jpeg[..2], &comment, &jpeg[2..]].concat()
}
