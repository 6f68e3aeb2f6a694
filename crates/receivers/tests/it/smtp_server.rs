//! Mail servers: aiosmtpd, and some that keep to a script.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

use crate::python::Server;

/// A mail that the server took.
pub(crate) struct Mail(Value);

impl Mail {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.0["headers"][name].as_str().unwrap_or_default()
    }

    pub(crate) fn to(&self) -> Vec<&str> {
        let to = self.0["to"].as_array().unwrap();
        to.iter().map(|to| to.as_str().unwrap()).collect()
    }

    pub(crate) fn field(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// The types of its parts, outer ones first.
    pub(crate) fn types(&self) -> Vec<&str> {
        let parts = self.0["parts"].as_array().unwrap();
        parts
            .iter()
            .map(|part| part["type"].as_str().unwrap())
            .collect()
    }

    pub(crate) fn part(&self, of: &str) -> &Value {
        let mut parts = self.0["parts"].as_array().unwrap().iter();
        parts.find(|part| part["type"] == of).unwrap()
    }

    pub(crate) fn text(&self, of: &str) -> &str {
        self.part(of)["text"].as_str().unwrap()
    }
}

pub(crate) struct SmtpServer(Server);

impl SmtpServer {
    pub(crate) fn start(python: &Path, arguments: &[&str]) -> Self {
        SmtpServer(Server::start(python, "smtp_server.py", arguments))
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port
    }

    /// The next mail that it has taken.
    pub(crate) fn mail(&mut self) -> Mail {
        let line = self.0.output.next().unwrap();
        Mail(serde_json::from_str(&line).unwrap())
    }
}

/// A server that says each of these lines, one at once and each other after a line of the client's, and then nothing more.
pub(crate) async fn scripted(lines: &'static [&'static str]) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(follow(connection, lines));
        }
    });
    address
}

async fn follow(mut connection: TcpStream, lines: &[&str]) {
    let (read, mut write) = connection.split();
    let mut read = BufReader::new(read);
    let mut asked = String::new();
    for line in lines {
        write
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .unwrap();
        read.read_line(&mut asked).await.unwrap();
    }
    // Whatever is said from now on is not answered.
    drop(read.read_to_string(&mut asked).await);
}

/// A server with this certificate that closes a connection as soon as TLS is agreed on.
pub(crate) async fn tls_that_closes((certificate, key): &(PathBuf, PathBuf)) -> SocketAddr {
    use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
    let chain = CertificateDer::pem_file_iter(certificate).unwrap();
    let chain = chain.collect::<Result<Vec<_>, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider);
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = config
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(std::sync::Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            drop(acceptor.accept(connection).await);
        }
    });
    address
}
