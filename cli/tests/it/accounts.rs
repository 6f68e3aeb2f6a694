//! Users and tokens from the command line.

use std::{
    fs,
    io::Write as _,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Output, Stdio},
};

use accounts::{Role, UsersFile};
use tempfile::TempDir;
use time::OffsetDateTime;

use crate::{framewatch, stderr, stdout};

/// A users file of a test's own.
struct Site {
    _folder: TempDir,
    file: PathBuf,
}

impl Site {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        Site {
            file: folder.path().join("users.toml"),
            _folder: folder,
        }
    }

    /// Runs the command with something on its standard input.
    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = framewatch()
            .args(arguments)
            .env("FRAMEWATCH_USERS_FILE", &self.file)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // One that refuses its arguments has gone before.
        drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
        child.wait_with_output().unwrap()
    }

    fn succeed(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert!(output.status.success(), "{}", stderr(&output));
        stdout(&output).trim_end().to_owned()
    }

    fn refuse(&self, arguments: &[&str], input: &str) -> String {
        let output = self.run(arguments, input);
        assert_eq!(output.status.code(), Some(64), "{}", stderr(&output));
        stderr(&output).to_owned()
    }
}

const PASSWORD: &str = "correct horse battery\n";

#[test]
fn users_are_added_shown_changed_and_removed() {
    let site = Site::new();
    site.succeed(&["user", "add", "jo", "--role", "admin"], PASSWORD);
    site.succeed(&["user", "add", "kim@site", "--role", "viewer"], PASSWORD);
    let list = site.succeed(&["user", "list"], "");
    let words = |list: &str| -> Vec<Vec<String>> {
        let words = |line: &str| line.split_whitespace().map(str::to_owned).collect();
        list.lines().map(words).collect()
    };
    assert_eq!(
        words(&list),
        [["NAME", "ROLE"], ["jo", "admin"], ["kim@site", "viewer"]]
    );
    let mode = fs::metadata(&site.file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let hash = || {
        let accounts = UsersFile::new(&site.file).read().unwrap();
        accounts
            .user(&"jo".parse().unwrap())
            .unwrap()
            .password
            .clone()
    };
    let before = hash();
    site.succeed(&["user", "password", "jo"], "another good one\r\n");
    assert_ne!(hash(), before);
    site.succeed(&["user", "role", "jo", "operator"], "");
    site.succeed(&["user", "remove", "kim@site"], "");
    let list = site.succeed(&["user", "list"], "");
    assert_eq!(words(&list)[1..], [["jo", "operator"]]);
}

#[test]
fn what_cannot_be_is_refused_and_says_what_is_right() {
    let site = Site::new();
    let add = ["user", "add", "jo", "--role", "admin"];
    assert!(site.refuse(&add, "short\n").contains("12 characters"));
    assert!(!site.file.exists());
    site.succeed(&add, PASSWORD);
    for (arguments, word) in [
        (&add[..], "user password"),
        (&["user", "add", "Jo", "--role", "admin"], "lower-case"),
        (
            &["user", "add", "kim", "--role", "boss"],
            "viewer, operator or admin",
        ),
        (&["user", "add", "kim"], "--role"),
        (&["user", "remove", "kim"], "user list"),
        (&["user", "role", "kim", "admin"], "user list"),
        (&["token", "add"], "--role"),
        (
            &["token", "add", "--role", "viewer", "--expires", "soon"],
            "90d",
        ),
        (
            &["token", "add", "--role", "viewer", "--expires", "0s"],
            "longer",
        ),
        (
            &["token", "add", "--role", "viewer", "--expires", "1000y"],
            "100 years",
        ),
        (
            &["token", "add", "--role", "viewer", "--note", "a\nb"],
            "one line",
        ),
        (&["token", "remove", "0123456789ab"], "token list"),
        (&["token", "remove", "jo"], "hexadecimal"),
    ] {
        let refused = site.refuse(arguments, PASSWORD);
        assert!(refused.contains(word), "{word:?} in {refused}");
    }

    fs::write(&site.file, "[[user]]\nname = \"jo\"\nrole = 3\n").unwrap();
    let refused = site.refuse(&["user", "list"], "");
    assert!(refused.contains("line 3 (role)"), "{refused}");
    fs::remove_file(&site.file).unwrap();
    let refused = site.refuse(&["user", "list"], "");
    assert!(refused.contains("framewatch user add"), "{refused}");
}

#[test]
fn a_token_is_shown_once_and_only_its_digest_kept() {
    let site = Site::new();
    let token = site.succeed(
        &[
            "token",
            "add",
            "--role",
            "operator",
            "--expires",
            "1h",
            "--note",
            "dock script",
        ],
        "",
    );
    let accounts = UsersFile::new(&site.file).read().unwrap();
    let now = OffsetDateTime::now_utc();
    let known = accounts.admit(&token, now).unwrap();
    assert_eq!(known.role, Role::Operator);
    assert!(
        accounts
            .admit(&token, now + time::Duration::hours(2))
            .is_err()
    );

    let (_, secret) = token.rsplit_once('_').unwrap();
    let kept = fs::read_to_string(&site.file).unwrap();
    let list = site.succeed(&["token", "list"], "");
    for text in [&kept, &list] {
        assert!(!text.contains(secret), "{text}");
        assert!(text.contains("dock script"), "{text}");
    }
    site.succeed(&["token", "remove", &known.id.to_string()], "");
    assert_eq!(UsersFile::new(&site.file).read().unwrap().tokens().len(), 0);
}

#[test]
fn processes_that_change_it_at_a_time_take_turns() {
    let site = Site::new();
    let add = |file: &Path| {
        let mut command = framewatch();
        command
            .args(["token", "add", "--role", "viewer", "--users-file"])
            .arg(file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let running: Vec<_> = (0..8).map(|_| add(&site.file)).collect();
    for mut child in running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(UsersFile::new(&site.file).read().unwrap().tokens().len(), 8);
}
