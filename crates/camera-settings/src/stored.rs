//! Settings as the bucket `camera-settings` holds them, read as strictly as a file: others than we may have written there.

use std::time::Duration;

use event_bus::{CameraSettings, Folder};

use crate::{
    Address, CameraKey, CameraSpec, FreezeWatch, Login, Networks, Reach, Refused, SetBy,
    rules::{self, EVERY, Wrong},
};

/// The camera of a folder by what is stored of it.
///
/// # Errors
/// When that cannot be, or its password can't be decrypted.
pub fn stored_spec(
    folder: &Folder,
    stored: &CameraSettings,
    key: &CameraKey,
    networks: &Networks,
) -> Result<CameraSpec, Refused> {
    let mut spec = without_login(folder, stored, networks)?;
    if let Some(username) = &stored.username {
        let sealed = stored.sealed_password.as_deref().unwrap_or_default();
        let password = key.open(sealed, &purpose(&spec, username));
        let password = password.ok_or(Refused::Undecryptable)?;
        spec.login = Some(Login::new(username, rules::password(&password)?));
    }
    Ok(spec)
}

/// All but the login.
pub(crate) fn without_login(
    folder: &Folder,
    stored: &CameraSettings,
    networks: &Networks,
) -> Result<CameraSpec, Refused> {
    let mut spec = CameraSpec::new(
        folder.clone(),
        Address::parse(&stored.source).map_err(Wrong::from)?,
    );
    spec.set_by = SetBy::Api;
    spec.reach = Reach::Within(networks.clone());
    if let Some(username) = &stored.username {
        rules::username(username)?;
    }
    if let Some(seconds) = stored.every_seconds {
        let every = Duration::try_from_secs_f64(seconds).ok();
        let every = every.filter(|every| EVERY.contains(every));
        spec.every = every.ok_or(Refused::Every)?;
    }
    if let Some(pixels) = stored.max_width {
        spec.max_width = rules::width("maxWidth", pixels.into())?;
    }
    if let Some(snapshot) = &stored.fallback_snapshot {
        spec.fallback_snapshot = Some(rules::snapshot(snapshot)?);
    }
    if let Some(pin) = &stored.pinned_certificate {
        spec.pin = Some(pin.parse()?);
    }
    if stored.watch_frozen == Some(false) {
        spec.freeze_watch = FreezeWatch::Off;
    }
    rules::together(&spec, "fallbackSnapshot", "pinnedCertificate")?;
    for address in [spec.source.address(), spec.fallback_snapshot.as_ref()]
        .into_iter()
        .flatten()
    {
        if spec.reach.excludes(address) {
            return Err(Refused::OutOfReach(networks.clone()));
        }
    }
    Ok(spec)
}

/// The purpose of a password: whose it is, of which folder's camera, and to which servers it is shown.
pub(crate) fn purpose(spec: &CameraSpec, username: &str) -> Vec<u8> {
    let fallback = spec.fallback_snapshot.as_ref().map(Address::server);
    let pin = spec.pin.map(|pin| pin.to_string());
    let purpose = (
        "framewatch camera password 1",
        spec.folder.as_str(),
        username,
        spec.source.address().map(Address::server),
        fallback,
        pin,
    );
    serde_json::to_vec(&purpose).expect("these are texts")
}
