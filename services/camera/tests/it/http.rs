//! Cameras that send snapshots or streams of JPEGs by HTTP.

use std::{
    io::Write as _,
    net::TcpStream,
    thread::sleep,
    time::{Duration, Instant},
};

use camera::{Outage, Patience, Picture, Source};
use camera_settings::{Address, CameraSpec, Login};
use proto::v1::SourceState;
use service_runtime::CpuPool;

use crate::http_camera::{HttpCamera, Request, jpeg, picture, respond};

const PASSWORD: &str = "p@ss/w0rd";

pub(crate) fn spec(url: &str) -> CameraSpec {
    let address = Address::parse(url).unwrap();
    CameraSpec {
        every: Duration::from_millis(100),
        ..CameraSpec::new("gate".parse().unwrap(), address)
    }
}

fn with_login(url: &str) -> CameraSpec {
    CameraSpec {
        login: Some(Login::new("fw", PASSWORD)),
        ..spec(url)
    }
}

/// Reads `count` pictures, or says why there are none.
pub(crate) async fn pictures(spec: &CameraSpec, count: usize) -> Result<Vec<Picture>, Outage> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .ok();
    let mut source = Source::open(spec, &CpuPool::default().queue()).await?;
    let mut pictures = Vec::new();
    while pictures.len() < count {
        pictures.push(source.next().await?);
    }
    Ok(pictures)
}

async fn outage(spec: &CameraSpec) -> Outage {
    pictures(spec, 5).await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn snapshots_are_passed_on_byte_for_byte_at_the_pace_that_is_set() {
    let camera = HttpCamera::start(|_, stream| picture(stream, &jpeg(64)));
    let began = Instant::now();
    let taken = pictures(&spec(&camera.url()), 4).await.unwrap();
    assert!(began.elapsed() >= Duration::from_millis(300));
    assert!(taken.iter().all(|picture| picture.bytes == jpeg(64)));
    assert_eq!(
        (taken[0].size, taken[0].content_type),
        ((64, 48), "image/jpeg")
    );
    assert_eq!(camera.requests().len(), 4);
}

fn stream_head(stream: &mut TcpStream) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=xyz\r\n\r\n"
    )
}

fn part(stream: &mut TcpStream, length: usize) -> std::io::Result<()> {
    write!(
        stream,
        "--xyz\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(&jpeg(64))?;
    stream.write_all(b"\r\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_pictures_is_told_by_its_answer_whatever_it_says_of_lengths() {
    for lie in [0, 5, 1_000_000] {
        let camera = HttpCamera::start(move |_, stream| {
            stream_head(stream)?;
            loop {
                part(stream, if lie == 0 { jpeg(64).len() } else { lie })?;
                sleep(Duration::from_millis(20));
            }
        });
        let began = Instant::now();
        let taken = pictures(&spec(&camera.url()), 4).await.unwrap();
        assert!(
            began.elapsed() >= Duration::from_millis(300),
            "at most one in 100 ms"
        );
        assert!(
            taken.iter().all(|picture| picture.bytes == jpeg(64)),
            "{lie}"
        );
        assert_eq!(camera.requests().len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_is_an_outage() {
    let camera = HttpCamera::start(|_, stream| {
        stream_head(stream)?;
        part(stream, jpeg(64).len())
    });
    let outage = outage(&spec(&camera.url())).await;
    assert_eq!(outage.state, SourceState::Silent);
    assert!(outage.reason.contains("ended"), "{outage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_place_of_a_picture_is_said_to_be_one() {
    let camera = HttpCamera::start(|_, stream| {
        respond(
            stream,
            "200 OK",
            "Content-Type: text/html\r\n",
            b"<html>please log in</html>",
        )
    });
    let outage = outage(&spec(&camera.url())).await;
    assert!(outage.reason.contains("page (text/html)"), "{outage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn pictures_that_are_cut_short_are_none() {
    let camera = HttpCamera::start(|_, stream| {
        let whole = jpeg(640);
        picture(stream, &whole[..whole.len() / 2])
    });
    let short = outage(&spec(&camera.url())).await;
    assert!(short.reason.contains("cut short"), "{short}");
    let camera = HttpCamera::start(|_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 99999\r\n\r\n"
        )?;
        stream.write_all(&jpeg(64))
    });
    let broken = outage(&spec(&camera.url())).await;
    assert!(broken.reason.contains("broke off"), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_without_end_is_read_no_further_than_a_picture_can_be_long() {
    let camera = HttpCamera::start(|_, stream| {
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
        )?;
        loop {
            stream.write_all(&[7; 65536])?;
        }
    });
    let outage = outage(&spec(&camera.url())).await;
    assert!(outage.reason.contains("more than 8"), "{outage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_camera_answers_is_said_in_words() {
    for (status, state, said) in [
        ("404 Not Found", SourceState::Refused, "check the URL"),
        ("403 Forbidden", SourceState::Refused, "403"),
        (
            "302 Found\r\nLocation: https://127.0.0.1/new?key=s3cret",
            SourceState::Refused,
            "https://127.0.0.1/new?…",
        ),
        ("503 Busy", SourceState::Silent, "503"),
    ] {
        let camera = HttpCamera::start(move |_, stream| respond(stream, status, "", b""));
        let outage = outage(&spec(&camera.url())).await;
        assert_eq!(outage.state, state, "{outage}");
        assert!(
            outage.reason.contains(said) && !outage.reason.contains("s3cret"),
            "{outage}"
        );
    }
    let nobody = outage(&spec("http://127.0.0.1:1/x")).await;
    assert!(nobody.reason.contains("takes no connections"), "{nobody}");
}

/// Asks for Digest with a nonce that the login must be made with.
fn ask(stream: &mut TcpStream, nonce: &str, stale: &str) -> std::io::Result<()> {
    let asked = format!(
        "WWW-Authenticate: Digest realm=\"cam\", qop=\"auth\", nonce=\"{nonce}\"{stale}\r\n\
         WWW-Authenticate: Basic realm=\"cam\"\r\n"
    );
    respond(stream, "401 Unauthorized", &asked, b"")
}

fn shows(request: &Request, nonce: &str) -> bool {
    let shown = request.authorization.as_deref().unwrap_or_default();
    shown.starts_with("Digest ") && shown.contains(&format!("nonce=\"{nonce}\""))
}

#[tokio::test(flavor = "multi_thread")]
async fn digest_is_shown_and_shown_anew_where_a_nonce_has_grown_old() {
    let camera = HttpCamera::start({
        let served = std::sync::atomic::AtomicUsize::new(0);
        move |request, stream| {
            let age = served.load(std::sync::atomic::Ordering::SeqCst) / 2;
            let nonce = format!("n{age}");
            if shows(request, &nonce) {
                served.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                return picture(stream, &jpeg(64));
            }
            let stale = if request.authorization.is_some() {
                ", stale=true"
            } else {
                ""
            };
            ask(stream, &nonce, stale)
        }
    });
    let taken = pictures(&with_login(&camera.url()), 6).await.unwrap();
    assert_eq!(taken.len(), 6);
    assert_eq!(
        camera.requests().len(),
        6 + 3,
        "one request more for each nonce"
    );
    assert!(
        camera
            .requests()
            .iter()
            .all(|request| request.target == "/snap.jpg")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn basic_is_shown_where_that_is_all_there_is() {
    let camera = HttpCamera::start(|request, stream| match &request.authorization {
        // fw:p@ss/w0rd
        Some(shown) if shown == "Basic Znc6cEBzcy93MHJk" => picture(stream, &jpeg(64)),
        _ => respond(
            stream,
            "401 Unauthorized",
            "WWW-Authenticate: Basic realm=\"cam\"\r\n",
            b"",
        ),
    });
    assert_eq!(
        pictures(&with_login(&camera.url()), 3).await.unwrap().len(),
        3
    );
    assert_eq!(camera.requests().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_shown_once() {
    let camera = HttpCamera::start(|_, stream| ask(stream, "n", ""));
    let refused = outage(&with_login(&camera.url())).await;
    assert_eq!(
        (refused.state, refused.patience),
        (SourceState::Refused, Patience::Long)
    );
    assert!(!refused.reason.contains(PASSWORD));
    let shown = camera.requests();
    assert_eq!(
        shown
            .iter()
            .filter(|request| request.authorization.is_some())
            .count(),
        1
    );

    let refused = outage(&spec(&camera.url())).await;
    assert!(
        refused.reason.contains("set username and password"),
        "{refused}"
    );

    // One that calls each nonce stale is not asked for ever.
    let camera = HttpCamera::start(|_, stream| ask(stream, "n", ", stale=true"));
    assert_eq!(
        outage(&with_login(&camera.url())).await.patience,
        Patience::Long
    );
    assert!(camera.requests().len() <= 4, "{}", camera.requests().len());
}
