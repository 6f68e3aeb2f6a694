//! A certificate that is known by what it hashes to: cameras sign their own.

use std::{fmt, str::FromStr};

use ring::digest::{SHA256, digest};

/// The SHA-256 of a certificate (DER), as `sha256:` and 64 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CertificatePin([u8; 32]);

/// A text that is no such thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a pinned certificate is sha256: and the 64 hexadecimal digits of its SHA-256, as `framewatch cameras test` and a browser \
     show it"
)]
pub struct InvalidPin;

impl CertificatePin {
    /// The pin of this certificate (DER).
    pub fn of(certificate: &[u8]) -> Self {
        let mut pin = [0; 32];
        pin.copy_from_slice(digest(&SHA256, certificate).as_ref());
        CertificatePin(pin)
    }
}

impl FromStr for CertificatePin {
    type Err = InvalidPin;

    /// With or without colons between the bytes, which openssl and browsers write.
    fn from_str(text: &str) -> Result<Self, InvalidPin> {
        let digits = text.strip_prefix("sha256:").ok_or(InvalidPin)?;
        let digits: String = digits.chars().filter(|c| *c != ':').collect();
        crate::key::from_hex(&digits)
            .map(CertificatePin)
            .ok_or(InvalidPin)
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_it_is_written_and_with_colons() {
        // printf certificate | sha256sum.
        let text = "sha256:03d66dd08835c1ca3f128cceacd1f31ac94163096b20f445ae84285bc0832d72";
        let pin: CertificatePin = text.parse().unwrap();
        assert_eq!(pin.to_string(), text);
        let digits = text.trim_start_matches("sha256:").to_uppercase();
        let pairs: Vec<_> = digits.as_bytes().chunks(2).collect();
        let pairs: Vec<_> = pairs
            .into_iter()
            .map(|pair| std::str::from_utf8(pair).unwrap())
            .collect();
        assert_eq!(format!("sha256:{}", pairs.join(":")).parse(), Ok(pin));
        for wrong in [
            "",
            "sha256:",
            "sha256:00",
            &text[7..],
            "sha1:00",
            "sha256:+a",
        ] {
            assert_eq!(wrong.parse::<CertificatePin>(), Err(InvalidPin), "{wrong}");
        }
    }
}
