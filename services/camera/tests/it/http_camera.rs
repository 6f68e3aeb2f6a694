//! HTTP servers on loopback that do what cameras do, right or wrong.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use parking_lot::Mutex;

/// A request: what is asked for, and the login that is shown.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) target: String,
    pub(crate) authorization: Option<String>,
}

/// A server. It lasts as long as the test.
pub(crate) struct HttpCamera {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    open: Arc<AtomicUsize>,
}

impl HttpCamera {
    /// Each request is answered by what this writes, after which the connection ends.
    pub(crate) fn start(
        answer: impl Fn(&Request, &mut TcpStream) -> std::io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let camera = HttpCamera {
            address: listener.local_addr().unwrap(),
            requests: Arc::default(),
            open: Arc::default(),
        };
        let (requests, open) = (Arc::clone(&camera.requests), Arc::clone(&camera.open));
        let answer = Arc::new(answer);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (requests, open, answer) = (
                    Arc::clone(&requests),
                    Arc::clone(&open),
                    Arc::clone(&answer),
                );
                thread::spawn(move || {
                    let mut stream = stream.unwrap();
                    open.fetch_add(1, Ordering::SeqCst);
                    if let Some(request) = read(&stream) {
                        requests.lock().push(request.clone());
                        // Whoever hangs up before the end is not missed.
                        answer(&request, &mut stream).ok();
                    }
                    open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        camera
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/snap.jpg", self.address)
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().clone()
    }

    /// Connections that are answered now.
    pub(crate) fn open(&self) -> usize {
        self.open.load(Ordering::SeqCst)
    }
}

fn read(stream: &TcpStream) -> Option<Request> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next()?.ok()?;
    let mut request = Request {
        target: first.split(' ').nth(1)?.to_owned(),
        authorization: None,
    };
    for line in lines {
        let line = line.ok()?;
        if line.is_empty() {
            return Some(request);
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("authorization")
        {
            request.authorization = Some(value.to_owned());
        }
    }
    None
}

/// An answer with a body and its length.
pub(crate) fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &str,
    body: &[u8],
) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

pub(crate) fn picture(stream: &mut TcpStream, body: &[u8]) -> std::io::Result<()> {
    respond(stream, "200 OK", "Content-Type: image/jpeg\r\n", body)
}

/// A JPEG of one tone, with a size that tells it from others.
pub(crate) fn jpeg(width: u32) -> Vec<u8> {
    let picture = image::RgbImage::from_pixel(width, 48, image::Rgb([90, 120, 60]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Jpeg)
        .unwrap();
    bytes.into_inner()
}
