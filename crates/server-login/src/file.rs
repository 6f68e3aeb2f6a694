//! What the files of a login hold. Errors name the file and the setting that names it.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rustls::pki_types::{CertificateDer, pem::PemObject};

/// A file that a setting names and that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use the file {}, which --{setting} names", path.display())]
pub struct UnusableFile {
    /// The setting, as in `nats-ca-file`.
    pub setting: String,
    /// The file.
    pub path: PathBuf,
    /// Why.
    #[source]
    pub source: io::Error,
}

impl UnusableFile {
    /// The file that `--setting` names.
    pub fn new(setting: &str, path: &Path, source: io::Error) -> Self {
        UnusableFile {
            setting: setting.to_owned(),
            path: path.to_owned(),
            source,
        }
    }
}

/// The secret in the file that `--setting` names, without the end of its line.
///
/// # Errors
/// When it can't be read, or isn't text.
pub fn secret(setting: &str, path: &Path) -> Result<String, UnusableFile> {
    let text = fs::read_to_string(path);
    let text = text.map_err(|source| UnusableFile::new(setting, path, source))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

pub(crate) fn read(setting: &str, path: &Path) -> Result<Vec<u8>, UnusableFile> {
    fs::read(path).map_err(|source| UnusableFile::new(setting, path, source))
}

/// The same, where it begins with a certificate in PEM.
pub(crate) fn certificates(setting: &str, path: &Path) -> Result<Vec<u8>, UnusableFile> {
    let pem = read(setting, path)?;
    match CertificateDer::pem_slice_iter(&pem).next() {
        Some(Ok(_)) => Ok(pem),
        Some(Err(_)) | None => {
            let source =
                io::Error::new(io::ErrorKind::InvalidData, "it holds no certificate (PEM)");
            Err(UnusableFile::new(setting, path, source))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), text).unwrap();
        file
    }

    #[test]
    fn a_secret_is_a_line_without_its_end() {
        for (text, held) in [("p@ss", "p@ss"), (" p@ss \r\n", " p@ss "), ("\n", "")] {
            let secret = secret("nats-password-file", file(text).path());
            assert_eq!(secret.unwrap(), held, "{text:?}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_setting() {
        let error = secret("nats-password-file", Path::new("/no/such/file")).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("/no/such/file") && text.contains("--nats-password-file"),
            "{text}"
        );
        for text in [
            "no certificate",
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
        ] {
            let error = certificates("redis-ca-file", file(text).path()).unwrap_err();
            assert_eq!(error.source.kind(), io::ErrorKind::InvalidData, "{text:?}");
            assert!(error.to_string().contains("--redis-ca-file"), "{error}");
        }
    }
}
