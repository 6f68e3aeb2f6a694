//! By what a receiver knows that a message comes from here, and is not one of yesterday: the headers of
//! [Standard Webhooks](https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md), for
//! which there are libraries in most languages.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::hmac;

use crate::{SpecError, secret::SecretFile};

/// Signs with the secret in a file.
pub(super) struct Signer(SecretFile);

const PREFIX: &str = "whsec_";

impl Signer {
    pub(super) fn of(path: &Path, beside: &Path) -> Result<Self, SpecError> {
        let setting = "secret-file";
        let file = SecretFile::of(setting, path, beside)?;
        let secret = file.read_now().and_then(|secret| key(&secret));
        secret.map_err(|why| SpecError { setting, why })?;
        Ok(Signer(file))
    }

    /// The headers that sign a body sent now.
    pub(super) async fn headers(
        &self,
        id: &str,
        now: i64,
        body: &str,
    ) -> Result<[(&'static str, String); 3], String> {
        let key = key(&self.0.read().await?)?;
        Ok([
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", signature(&key, id, now, body)),
        ])
    }
}

fn signature(key: &hmac::Key, id: &str, now: i64, body: &str) -> String {
    let tag = hmac::sign(key, format!("{id}.{now}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(tag))
}

/// The key of a secret. The standard has `whsec_` and base64; any other text is the key itself.
fn key(secret: &str) -> Result<hmac::Key, String> {
    let bytes = match secret.strip_prefix(PREFIX) {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| format!("what follows {PREFIX} must be base64"))?,
        None => secret.as_bytes().to_vec(),
    };
    if bytes.len() < 16 {
        return Err(
            "a secret has at least 16 bytes: make one by openssl rand -base64 32".to_owned(),
        );
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the standard's libraries are tested with.
    #[test]
    fn signatures_are_those_of_the_standard() {
        let key = key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = r#"{"test": 2432232314}"#;
        let signature = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for secret in ["short", "whsec_!!", "whsec_c2hvcnQ="] {
            key(secret).unwrap_err();
        }
        key("sixteen bytes or more").unwrap();
    }
}
