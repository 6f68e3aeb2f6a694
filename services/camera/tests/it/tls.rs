//! Snapshots by https and video by rtsps: an authority of the user's, a certificate that is pinned.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    sync::Arc,
    thread,
};

use camera::probe;
use camera_settings::{CameraSpec, CertificatePin};
use proto::v1::SourceState;
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use service_runtime::CpuPool;
use test_support::Certificates;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener as Listener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    http::{pictures, spec},
    http_camera::jpeg,
    rtsp_camera::RtspCamera,
};

/// A camera that shows the certificate of a server on loopback; where it is, and the certificate.
fn start(certificates: &Certificates) -> (String, CertificatePin) {
    let (config, pin) = server(certificates);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}/snap.jpg", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let server = ServerConnection::new(Arc::clone(&config)).unwrap();
            // Whoever does not like the certificate hangs up.
            answer(StreamOwned::new(server, stream.unwrap())).ok();
        }
    });
    (url, pin)
}

/// TLS in front of an RTSP camera; where it is, and the certificate.
async fn in_tls(camera: &RtspCamera, certificates: &Certificates) -> (String, CertificatePin) {
    let (config, pin) = server(certificates);
    let acceptor = TlsAcceptor::from(config);
    let listener = Listener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtsps://{}/h264", listener.local_addr().unwrap());
    let behind = ("127.0.0.1", camera.port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Whoever does not like the certificate hangs up.
                if let Ok(mut outside) = acceptor.accept(stream).await {
                    let mut inside = TcpStream::connect(behind).await.unwrap();
                    copy_bidirectional(&mut outside, &mut inside).await.ok();
                }
            });
        }
    });
    (url, pin)
}

fn server(certificates: &Certificates) -> (Arc<ServerConfig>, CertificatePin) {
    let (certificate, key) = certificates.server();
    let certificate = CertificateDer::from_pem_file(certificate).unwrap();
    let pin = CertificatePin::of(&certificate);
    let config =
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate],
                PrivateKeyDer::from_pem_file(key).unwrap(),
            )
            .unwrap();
    (Arc::new(config), pin)
}

fn answer(stream: StreamOwned<ServerConnection, std::net::TcpStream>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    while stream.read_line(&mut line)? > 2 {
        line.clear();
    }
    let body = jpeg(64);
    let stream = stream.get_mut();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)?;
    stream.conn.send_close_notify();
    stream.flush()
}

fn with_authority(url: &str, file: &Path) -> CameraSpec {
    CameraSpec {
        authority: Some(std::fs::read(file).unwrap()),
        ..spec(url)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_taken_that_the_authority_of_the_ca_file_has_signed() {
    let certificates = Certificates::make();
    let (url, _) = start(&certificates);
    let right = with_authority(&url, &certificates.authority());
    assert_eq!(pictures(&right, 2).await.unwrap().len(), 2);
    let another = Certificates::make();
    let wrong = with_authority(&url, &another.authority());
    let outage = pictures(&wrong, 1).await.unwrap_err();
    assert!(outage.reason.contains("certificate"), "{outage}");
    let nobody = pictures(&spec(&url), 1).await.unwrap_err();
    assert!(nobody.reason.contains("certificate"), "{nobody}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pinned_certificate_is_taken_and_no_other_one() {
    let certificates = Certificates::make();
    let (url, pin) = start(&certificates);
    // Whoever has signed it, and for whichever name: it is not for this one.
    let otherwise = url.replace("127.0.0.1", "[::ffff:127.0.0.1]");
    for url in [&url, &otherwise] {
        let right = CameraSpec {
            pin: Some(pin),
            ..spec(url)
        };
        assert_eq!(pictures(&right, 2).await.unwrap().len(), 2, "{url}");
    }
    let wrong = CameraSpec {
        pin: Some(CertificatePin::of(b"another")),
        ..spec(&url)
    };
    let outage = pictures(&wrong, 1).await.unwrap_err();
    assert!(
        outage.reason.contains("another certificate") && outage.reason.contains(&pin.to_string()),
        "{outage}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_says_which_certificate_to_pin() {
    let certificates = Certificates::make();
    let (url, pin) = start(&certificates);
    let cpu = CpuPool::default().queue();
    let outage = probe(&spec(&url), &cpu, drop).await.unwrap_err();
    assert_eq!(outage.state, SourceState::Refused);
    assert!(outage.reason.contains(&pin.to_string()), "{outage}");
}

#[tokio::test(flavor = "multi_thread")]
async fn video_comes_in_tls_from_a_camera_whose_certificate_is_known_and_from_no_other() {
    let certificates = Certificates::make();
    let camera = RtspCamera::with_login(&["fw", "p@ss/w0rd"]);
    let (url, pin) = in_tls(&camera, &certificates).await;
    let spec = CameraSpec {
        login: Some(camera_settings::Login::new("fw", "p@ss/w0rd")),
        ..spec(&url)
    };
    let pinned = CameraSpec {
        pin: Some(pin),
        ..spec.clone()
    };
    assert_eq!(pictures(&pinned, 3).await.unwrap().len(), 3);
    let signed = CameraSpec {
        authority: Some(std::fs::read(certificates.authority()).unwrap()),
        ..spec.clone()
    };
    assert_eq!(pictures(&signed, 1).await.unwrap().len(), 1);

    let another = CameraSpec {
        pin: Some(CertificatePin::of(b"another")),
        ..spec.clone()
    };
    let outage = pictures(&another, 1).await.unwrap_err();
    assert!(outage.reason.contains("another certificate"), "{outage}");
    let cpu = CpuPool::default().queue();
    let outage = probe(&spec, &cpu, drop).await.unwrap_err();
    assert!(outage.reason.contains(&pin.to_string()), "{outage}");
}
