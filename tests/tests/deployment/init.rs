//! The secrets and settings that `deploy/init` makes.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use crate::site::Site;

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found.sort();
    found
}

fn all(site: &Site) -> Vec<(std::path::PathBuf, String)> {
    let read = |path: std::path::PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    };
    files(&site.path("secrets")).into_iter().map(read).collect()
}

#[test]
fn secrets_are_random_and_for_their_owner_alone() {
    let (site, other) = (Site::new(), Site::new());
    for path in files(&site.path("secrets")) {
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", path.display());
    }
    let folder = fs::metadata(site.path("secrets")).unwrap();
    assert_eq!(folder.permissions().mode() & 0o777, 0o700);

    let passwords = files(&site.path("secrets/passwords"));
    assert!(passwords.len() >= 12, "{passwords:?}");
    for path in passwords {
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(site.password(name).len() >= 64, "{name}");
        assert_ne!(site.password(name), other.password(name), "{name}");
    }
}

#[test]
fn what_servers_are_given_holds_no_password() {
    let site = Site::new();
    let passwords: Vec<String> = files(&site.path("secrets/passwords"))
        .iter()
        .map(|path| fs::read_to_string(path).unwrap().trim_end().to_owned())
        .collect();
    for server in ["nats", "redis", "web"] {
        for file in files(&site.path(&format!("secrets/{server}"))) {
            let text = fs::read_to_string(&file).unwrap();
            for password in &passwords {
                assert!(!text.contains(password), "{}", file.display());
            }
        }
    }
}

#[test]
fn what_is_there_stays_and_what_is_missing_is_added() {
    let site = Site::new();
    let before = all(&site);
    site.must_init(&[]);
    assert_eq!(all(&site), before);

    let old = site.password("nats-sink");
    fs::remove_file(site.password_file("nats-sink")).unwrap();
    site.must_init(&["--camera", "door"]);
    assert_ne!(site.password("nats-sink"), old);
    assert_ne!(site.read("secrets/nats/users.conf"), {
        let (_, text) = before
            .iter()
            .find(|(path, _)| path.ends_with("nats/users.conf"))
            .unwrap();
        text.clone()
    });
    let cameras = site.read("secrets/nats/cameras.conf");
    for user in ["camera-gate", "camera-yard", "camera-door", "camera-demo"] {
        assert!(cameras.contains(user), "{user} is not in {cameras}");
    }
    let settings = site.read(".env");
    assert_eq!(settings.matches("FRAMEWATCH_UID=").count(), 1, "{settings}");
}

#[test]
fn a_camera_whose_folder_cannot_be_is_refused() {
    let site = Site::new();
    for bad in ["gate=>", "gate=other.*", "A"] {
        let output = site.init(&["--camera", bad]);
        assert_eq!(output.status.code(), Some(64), "{bad}");
    }
}
