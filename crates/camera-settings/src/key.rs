//! The key by which passwords of cameras are encrypted that are set by API: ChaCha20-Poly1305 (RFC 8439), by ring, which is
//! here for TLS already. A password is bound to what it is for, so that who can write to the bucket, and has no key, cannot
//! have it shown to another camera.

use std::{
    fmt, fs,
    io::{self, Read as _, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    rand::{SecureRandom as _, SystemRandom},
};

const KEY_BYTES: usize = 32;

/// The key of cameras' passwords. Nothing shows it.
#[derive(Clone)]
pub struct CameraKey(Arc<LessSafeKey>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Its file can't be read.
    #[error("cannot read the key of cameras' passwords in {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its file can't be made.
    #[error("cannot make the key of cameras' passwords in {}", path.display())]
    Make {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Its file holds something else.
    #[error(
        "{} does not hold a key: it is 64 hexadecimal digits, as `openssl rand -hex 32` makes them",
        path.display()
    )]
    Wrong {
        /// Which.
        path: PathBuf,
    },
}

impl CameraKey {
    /// The key in a file.
    ///
    /// # Errors
    /// When it can't be read, or holds no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = read(path).map_err(|source| KeyError::Read {
            path: path.to_owned(),
            source,
        })?;
        let bytes = from_hex(text.trim_end()).ok_or_else(|| KeyError::Wrong {
            path: path.to_owned(),
        })?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let key = key.expect("a key of this kind has so many bytes");
        Ok(CameraKey(Arc::new(LessSafeKey::new(key))))
    }

    /// The key in a file, which is made where there is none, for its owner alone.
    ///
    /// # Errors
    /// When it can't be made or read, or holds no key.
    pub fn read_or_make(path: &Path) -> Result<Self, KeyError> {
        match make(path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(source) => {
                let path = path.to_owned();
                return Err(KeyError::Make { path, source });
            }
        }
        Self::read(path)
    }

    /// A password, encrypted; it can be decrypted only for what it is for.
    pub(crate) fn seal(&self, password: &str, purpose: &[u8]) -> String {
        // A random nonce is safe for 2^32 passwords of one key.
        let nonce: [u8; NONCE_LEN] = random();
        let mut sealed = password.as_bytes().to_vec();
        self.0
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(purpose),
                &mut sealed,
            )
            .expect("a password is short");
        STANDARD.encode([&nonce[..], &sealed].concat())
    }

    /// The text that was sealed for this purpose; `None` if it was sealed for another one, or by another key.
    pub(crate) fn open(&self, sealed: &str, purpose: &[u8]) -> Option<String> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut sealed = sealed.to_vec();
        let password = self
            .0
            .open_in_place(nonce, Aad::from(purpose), &mut sealed)
            .ok()?;
        String::from_utf8(password.to_vec()).ok()
    }
}

impl fmt::Debug for CameraKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }
}

/// No more of it than a key can have.
fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    fs::File::open(path)?.take(1024).read_to_string(&mut text)?;
    Ok(text)
}

/// Written in full before it has its name, so that nobody reads half of it; who comes second leaves the first one's.
fn make(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let key: [u8; KEY_BYTES] = random();
    let mark: [u8; 4] = random();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}", HEXLOWER.encode(&mark)));
    let new = PathBuf::from(name);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .and_then(|mut file| {
            file.write_all(format!("{}\n", HEXLOWER.encode(&key)).as_bytes())?;
            file.sync_all()
        })
        .and_then(|()| fs::hard_link(&new, path));
    fs::remove_file(&new).ok();
    written
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .expect("the system has random numbers");
    bytes
}

/// 64 hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> Option<[u8; 32]> {
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use tempfile::TempDir;

    use super::*;

    fn key(folder: &TempDir, name: &str) -> CameraKey {
        CameraKey::read_or_make(&folder.path().join(name)).unwrap()
    }

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let folder = TempDir::new().unwrap();
        let first = key(&folder, "key");
        let sealed = first.seal("p@ss", b"gate");
        assert_eq!(
            key(&folder, "key").open(&sealed, b"gate").as_deref(),
            Some("p@ss")
        );
        let mode = fs::metadata(folder.path().join("key")).unwrap();
        assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        let files = fs::read_dir(folder.path()).unwrap().count();
        assert_eq!(files, 1, "nothing is left over");
    }

    #[test]
    fn what_was_sealed_opens_by_its_key_and_for_its_purpose_alone() {
        let folder = TempDir::new().unwrap();
        let (one, other) = (key(&folder, "one"), key(&folder, "other"));
        let sealed = one.seal("p@ss/w0rd", b"gate");
        assert_ne!(
            sealed,
            one.seal("p@ss/w0rd", b"gate"),
            "nobody sees which are the same"
        );
        assert_eq!(one.open(&sealed, b"gate").as_deref(), Some("p@ss/w0rd"));
        assert_eq!(one.open(&sealed, b"yard"), None);
        assert_eq!(other.open(&sealed, b"gate"), None);
        let mut damaged = STANDARD.decode(&sealed).unwrap();
        damaged[NONCE_LEN] ^= 1;
        for wrong in [STANDARD.encode(damaged).as_str(), "", "AAAA", "?"] {
            assert_eq!(one.open(wrong, b"gate"), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_repeated() {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("key");
        assert!(matches!(CameraKey::read(&path), Err(KeyError::Read { .. })));
        for text in ["", "s3cret", &"g".repeat(64), &"a".repeat(63)] {
            fs::write(&path, text).unwrap();
            let error = CameraKey::read_or_make(&path).unwrap_err();
            assert!(matches!(error, KeyError::Wrong { .. }), "{text}");
            assert!(text.is_empty() || !error.to_string().contains(text));
        }
    }
}
