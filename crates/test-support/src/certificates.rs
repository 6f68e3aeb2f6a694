//! Certificates of an authority of our own.

use std::{
    fs,
    path::{Path, PathBuf},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

/// An authority of our own and what it has signed, as PEM files; gone when dropped.
pub struct Certificates {
    folder: TempDir,
}

impl Certificates {
    /// Makes an authority, a certificate for servers on loopback, and one for a client.
    pub fn make() -> Self {
        let folder = TempDir::new().expect("the system's temporary folder can be written");
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, key()).expect("its own key fits");
        write(folder.path(), "ca.pem", &authority.pem());
        for (name, hosts) in [
            ("server", &["localhost", "127.0.0.1"][..]),
            ("client", &["client"]),
        ] {
            let hosts: Vec<String> = hosts.iter().map(|&host| host.to_owned()).collect();
            let key = key();
            let mut parameters = CertificateParams::new(hosts).expect("they are host names");
            // With the same name as the authority it would look like one that signed itself.
            parameters.distinguished_name.push(DnType::CommonName, name);
            let certificate = parameters
                .signed_by(&key, &authority)
                .expect("an authority can sign");
            write(folder.path(), &format!("{name}.pem"), &certificate.pem());
            write(
                folder.path(),
                &format!("{name}-key.pem"),
                &key.serialize_pem(),
            );
        }
        Certificates { folder }
    }

    /// The authority's own certificate.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The certificate and the key of a server on loopback.
    pub fn server(&self) -> (PathBuf, PathBuf) {
        self.pair("server")
    }

    /// The certificate and the key of a client.
    pub fn client(&self) -> (PathBuf, PathBuf) {
        self.pair("client")
    }

    fn pair(&self, name: &str) -> (PathBuf, PathBuf) {
        let file = |name: String| self.folder.path().join(name);
        (file(format!("{name}.pem")), file(format!("{name}-key.pem")))
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has randomness")
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a temporary folder can be written");
}
