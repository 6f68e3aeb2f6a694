//! A camera that serves one viewer and no more, and numbers its pictures.

use std::{
    io::{BufRead as _, BufReader, ErrorKind, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    thread::{self, sleep},
    time::Duration,
};

use crate::http_camera::jpeg;

pub(crate) struct SingleCamera {
    address: SocketAddr,
    refused: Arc<AtomicUsize>,
}

/// Begins a comment of eight bytes in a JPEG.
const COMMENT: [u8; 4] = [0xFF, 0xFE, 0, 10];

impl SingleCamera {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let refused = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&refused);
        let number = Arc::new(AtomicU64::new(0));
        thread::spawn(move || {
            let mut viewer: Option<TcpStream> = None;
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                if viewer.as_ref().is_some_and(is_open) {
                    counted.fetch_add(1, Ordering::SeqCst);
                    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";
                    stream.write_all(busy.as_bytes()).ok();
                    continue;
                }
                viewer = Some(stream.try_clone().unwrap());
                let number = Arc::clone(&number);
                // Whoever hangs up is not missed.
                thread::spawn(move || show(stream, &number).ok());
            }
        });
        SingleCamera { address, refused }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/stream", self.address)
    }

    /// How many viewers were refused because there was one already.
    pub(crate) fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// The number of a picture.
    pub(crate) fn number(picture: &[u8]) -> u64 {
        assert_eq!(picture[2..6], COMMENT);
        u64::from_be_bytes(picture[6..14].try_into().unwrap())
    }
}

/// Whether the other side has not hung up.
fn is_open(viewer: &TcpStream) -> bool {
    viewer.set_nonblocking(true).unwrap();
    let peeked = viewer.peek(&mut [0]);
    viewer.set_nonblocking(false).unwrap();
    match peeked {
        Ok(bytes) => bytes > 0,
        Err(error) => error.kind() == ErrorKind::WouldBlock,
    }
}

fn show(mut stream: TcpStream, number: &AtomicU64) -> std::io::Result<()> {
    let request = BufReader::new(stream.try_clone()?).lines();
    for line in request {
        if line?.is_empty() {
            break;
        }
    }
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=b\r\n\r\n"
    )?;
    let bare = jpeg(64);
    loop {
        let number = number.fetch_add(1, Ordering::SeqCst);
        let mut picture = bare[..2].to_vec();
        picture.extend(COMMENT);
        picture.extend(number.to_be_bytes());
        picture.extend(&bare[2..]);
        write!(stream, "--b\r\nContent-Length: {}\r\n\r\n", picture.len())?;
        stream.write_all(&picture)?;
        stream.write_all(b"\r\n")?;
        sleep(Duration::from_millis(50));
    }
}
