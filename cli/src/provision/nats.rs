//! Users of NATS: their passwords, and the hashes that the server is given.

use std::{collections::BTreeMap, str::FromStr};

use accounts::Secret;
use anyhow::{Context as _, anyhow};
use event_bus::Folder;
use service_runtime::Failure;

use super::folder::{Origin, SecretsFolder};

/// Those that deploy/nats/accounts.conf gives rights to.
const USERS: [&str; 7] = [
    "upload",
    "comparator",
    "sink",
    "camera",
    "notifier",
    "operator",
    "subscriber",
];

/// The simulated cameras of the demo.
const DEMO: &str = "demo=folder1,folder2,folder3,folder4,folder5,folder6";

/// The least that the server takes. A slow hash protects passwords that can be guessed; these have 256 random bits, and
/// a thousand cameras that come back together must not wait for each other.
const BCRYPT_COST: u32 = 4;

const USERS_FILE: &str = "nats/users.conf";
const CAMERAS_FILE: &str = "nats/cameras.conf";

/// A camera's user, and the folders to which it may publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Camera {
    name: Folder,
    folders: Vec<Folder>,
}

impl FromStr for Camera {
    type Err = event_bus::InvalidFolder;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, folders) = text.split_once('=').unwrap_or((text, text));
        Ok(Camera {
            name: name.parse()?,
            folders: folders
                .split(',')
                .map(str::parse)
                .collect::<Result<_, _>>()?,
        })
    }
}

pub(super) fn provision(folder: &SecretsFolder, cameras: &[Camera]) -> Result<(), Failure> {
    let there = folder.read(USERS_FILE)?.unwrap_or_default();
    let mut users = String::new();
    for user in USERS {
        let variable = format!("{}_PASSWORD", user.to_uppercase());
        let password = folder.password(&format!("nats-{user}"))?;
        let before = there
            .lines()
            .find(|line| line.starts_with(&format!("{variable}:")));
        let line = match (password.origin, before) {
            (Origin::Found, Some(line)) => line.to_owned(),
            _ => format!("{variable}: \"{}\"", hash(&password.secret)?),
        };
        users = users + &line + "\n";
    }
    folder.update(USERS_FILE, &users)?;

    let demo = DEMO.parse().expect("it is a camera");
    provision_cameras(folder, [&[demo], cameras].concat())
}

/// Adds these cameras to those that are there, of which it changes the folders.
fn provision_cameras(folder: &SecretsFolder, cameras: Vec<Camera>) -> Result<(), Failure> {
    let there = folder.read(CAMERAS_FILE)?.unwrap_or_default();
    let mut lines: BTreeMap<String, String> = there
        .lines()
        .filter_map(|line| Some((user_of(line)?.to_owned(), line.to_owned())))
        .collect();
    for camera in cameras {
        let user = format!("camera-{}", camera.name);
        let password = folder.password(&format!("nats-{user}"))?;
        let before = lines
            .get(&user)
            .filter(|_| password.origin == Origin::Found);
        let hash = match before.and_then(|line| hash_of(line)) {
            Some(hash) => hash.to_owned(),
            None => hash(&password.secret)?,
        };
        let line = camera.line(&user, &hash);
        lines.insert(user, line);
    }
    let lines: Vec<String> = lines.into_values().collect();
    folder.update(
        CAMERAS_FILE,
        &format!("users: [\n{}\n]\n", lines.join("\n")),
    )
}

impl Camera {
    fn line(&self, user: &str, hash: &str) -> String {
        let subjects: Vec<_> = self
            .folders
            .iter()
            .map(|folder| format!("\"frames.{folder}\", \"sources.{folder}\""))
            .collect();
        format!(
            "  {{ user: \"{user}\", password: \"{hash}\", permissions: {{ publish: [{}], subscribe: \"_INBOX_{user}.>\" }} }}",
            subjects.join(", ")
        )
    }
}

fn user_of(line: &str) -> Option<&str> {
    quoted_after(line, "user: ")
}

fn hash_of(line: &str) -> Option<&str> {
    quoted_after(line, "password: ")
}

fn quoted_after<'a>(line: &'a str, label: &str) -> Option<&'a str> {
    let (_, rest) = line.split_once(label)?;
    rest.strip_prefix('"')?.split('"').next()
}

fn hash(password: &Secret) -> Result<String, Failure> {
    bcrypt::hash(password.reveal(), BCRYPT_COST)
        .context("a password cannot be hashed")
        .map_err(|error| Failure::Internal(anyhow!(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_publishes_to_its_folders_and_to_no_others() {
        let line = |text: &str| text.parse::<Camera>().map(|camera| camera.line("u", "h"));
        assert!(
            line("gate")
                .unwrap()
                .contains(r#"publish: ["frames.gate", "sources.gate"],"#)
        );
        assert!(
            line("cam=a,b")
                .unwrap()
                .contains(r#"["frames.a", "sources.a", "frames.b", "sources.b"]"#)
        );
        for bad in ["", "gate=", "gate=>", "a.b", "gate=a,*", "x\" y"] {
            assert!(line(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn what_was_written_of_a_camera_is_found_again() {
        let camera: Camera = "gate".parse().unwrap();
        let line = camera.line("camera-gate", "$2b$04$x");
        assert_eq!(user_of(&line), Some("camera-gate"));
        assert_eq!(hash_of(&line), Some("$2b$04$x"));
        assert_eq!(user_of("users: ["), None);
    }
}
