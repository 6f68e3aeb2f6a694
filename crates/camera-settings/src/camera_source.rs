//! Where a camera's pictures come from.

use std::{fmt, path::PathBuf};

use crate::{Address, InvalidAddress};

/// Where a camera's pictures come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CameraSource {
    /// The camera itself, in the network.
    Network(Address),
    /// A folder into which it writes pictures, by FTP or on a share.
    Folder(PathBuf),
    /// The pictures that an installed ffmpeg makes of something else.
    Ffmpeg(FfmpegInput),
}

/// What ffmpeg reads: an address, or options that end in one. The address may hold a secret, so it is left out when
/// this is shown.
#[derive(Clone, PartialEq, Eq)]
pub struct FfmpegInput(Vec<String>);

/// A text that names no source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSource {
    /// It is no address.
    #[error(transparent)]
    Address(#[from] InvalidAddress),
    /// No path.
    #[error("behind folder: stands the path of a folder, as in folder:/srv/ftp/gate")]
    Folder,
    /// Nothing to read.
    #[error(
        "behind ffmpeg: stands what it is to read: an address, as in ffmpeg:srt://10.0.0.5:9000, or options before it, as in \
         ffmpeg:-f v4l2 -i /dev/video0"
    )]
    Ffmpeg,
}

impl CameraSource {
    /// Reads a source as the file of cameras has it.
    ///
    /// # Errors
    /// When it names none, or holds credentials.
    pub fn parse(text: &str) -> Result<Self, InvalidSource> {
        if let Some(path) = text.strip_prefix("folder:") {
            return match path {
                "" => Err(InvalidSource::Folder),
                path => Ok(CameraSource::Folder(path.into())),
            };
        }
        if let Some(input) = text.strip_prefix("ffmpeg:") {
            return FfmpegInput::parse(input).map(CameraSource::Ffmpeg);
        }
        Ok(CameraSource::Network(Address::parse(text)?))
    }

    /// Its address, if it is in the network.
    pub fn address(&self) -> Option<&Address> {
        match self {
            CameraSource::Network(address) => Some(address),
            CameraSource::Folder(_) | CameraSource::Ffmpeg(_) => None,
        }
    }
}

impl From<Address> for CameraSource {
    fn from(address: Address) -> Self {
        CameraSource::Network(address)
    }
}

impl fmt::Display for CameraSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CameraSource::Network(address) => address.fmt(f),
            CameraSource::Folder(path) => write!(f, "folder:{}", path.display()),
            CameraSource::Ffmpeg(_) => f.write_str("ffmpeg:…"),
        }
    }
}

impl FfmpegInput {
    fn parse(text: &str) -> Result<Self, InvalidSource> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let Some(last) = words.last() else {
            return Err(InvalidSource::Ffmpeg);
        };
        // Whoever is logged in on this machine sees what a program is started with.
        let authority = last.split_once("://").map_or("", |(_, rest)| rest);
        if authority
            .split(['/', '?'])
            .next()
            .unwrap_or_default()
            .contains('@')
        {
            return Err(InvalidAddress::Credentials.into());
        }
        match words.as_slice() {
            [address] if !address.starts_with('-') => {
                Ok(FfmpegInput(vec!["-i".to_owned(), address.clone()]))
            }
            [.., input, address] if input == "-i" && !address.starts_with('-') => {
                Ok(FfmpegInput(words))
            }
            _ => Err(InvalidSource::Ffmpeg),
        }
    }

    /// What ffmpeg is told to read.
    pub fn arguments(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Debug for FfmpegInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FfmpegInput(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(text: &str) -> Vec<String> {
        match CameraSource::parse(text) {
            Ok(CameraSource::Ffmpeg(input)) => input.arguments().to_vec(),
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_source_is_told_by_how_it_begins() {
        let folder = CameraSource::parse("folder:/srv/ftp/gate").unwrap();
        assert_eq!(folder, CameraSource::Folder("/srv/ftp/gate".into()));
        assert_eq!(folder.address(), None);
        let network = CameraSource::parse("rtsp://10.0.0.5/x").unwrap();
        assert!(network.address().is_some());
        assert_eq!(
            arguments("ffmpeg:srt://10.0.0.5:9000"),
            ["-i", "srt://10.0.0.5:9000"]
        );
        assert_eq!(
            arguments("ffmpeg: -f v4l2  -i /dev/video0"),
            ["-f", "v4l2", "-i", "/dev/video0"]
        );
    }

    #[test]
    fn what_is_no_source_is_refused_with_what_to_write() {
        for (text, error) in [
            ("folder:", InvalidSource::Folder),
            ("ffmpeg:", InvalidSource::Ffmpeg),
            ("ffmpeg:-i", InvalidSource::Ffmpeg),
            ("ffmpeg:-f lavfi testsrc", InvalidSource::Ffmpeg),
            ("ffmpeg:-i a -y", InvalidSource::Ffmpeg),
            (
                "ffmpeg:rtsp://fw:s3cret@10.0.0.5/x",
                InvalidAddress::Credentials.into(),
            ),
            ("ftp://10.0.0.5/x", InvalidAddress::Scheme.into()),
        ] {
            assert_eq!(CameraSource::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn what_ffmpeg_reads_is_not_shown() {
        let source = CameraSource::parse("ffmpeg:http://10.0.0.5/x?pwd=s3cret").unwrap();
        assert!(!format!("{source} {source:?}").contains("s3cret"));
    }
}
