//! The file of accounts: how it is written, changed, and refused when it is damaged.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::Path,
    thread,
};

use accounts::{Accounts, ChangeError, FileError, Note, Role, Token, UsersFile};
use tempfile::TempDir;
use time::macros::datetime;

use crate::{hash, user};

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Change(#[from] ChangeError),
}

fn change(
    file: &UsersFile,
    change: impl FnOnce(&mut Accounts) -> Result<(), ChangeError>,
) -> Result<(), Error> {
    file.change(|accounts| change(accounts).map_err(Error::from))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn what_is_written_is_read_again() {
    let folder = TempDir::new().unwrap();
    let file = UsersFile::new(folder.path().join("users.toml"));
    assert!(matches!(file.read(), Err(FileError::Missing(_))));

    let jo = user("jo", Role::Admin);
    change(&file, |accounts| accounts.add_user(jo.clone())).unwrap();
    let token = Token::issue(
        Role::Operator,
        datetime!(2030-01-02 03:04:05 UTC),
        "the \"dock\" = script".parse().unwrap(),
    );
    change(&file, |accounts| {
        accounts.add_token(token.token.clone());
        Ok(())
    })
    .unwrap();
    assert_eq!(mode(file.path()), 0o600);
    let accounts = file.read().unwrap();
    assert_eq!(accounts.users().collect::<Vec<_>>(), [&jo]);
    assert_eq!(accounts.tokens().collect::<Vec<_>>(), [&token.token]);

    let name = "jo".parse().unwrap();
    change(&file, |accounts| accounts.set_role(&name, Role::Viewer)).unwrap();
    let other = hash("another password");
    change(&file, |accounts| {
        accounts.set_password(&name, other.clone())
    })
    .unwrap();
    let accounts = file.read().unwrap();
    let now = accounts.user(&name).unwrap();
    assert_eq!((now.role, &now.password), (Role::Viewer, &other));

    change(&file, |accounts| accounts.remove_user(&name)).unwrap();
    change(&file, |accounts| accounts.remove_token(&token.token.id)).unwrap();
    assert_eq!(file.read().unwrap(), Accounts::default());
    let text = fs::read_to_string(file.path()).unwrap();
    assert!(text.starts_with('#'), "{text}");
}

#[test]
fn a_change_that_is_refused_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let file = UsersFile::new(folder.path().join("users.toml"));
    change(&file, |accounts| accounts.add_user(user("jo", Role::Admin))).unwrap();
    let before = file.bytes().unwrap();

    let again = change(&file, |accounts| {
        accounts.remove_user(&"jo".parse().unwrap())?;
        accounts.add_user(user("kim", Role::Viewer))?;
        accounts.add_user(user("kim", Role::Admin))
    });
    assert!(
        matches!(again, Err(Error::Change(ChangeError::UserExists(name))) if name.as_str() == "kim")
    );
    let nobody = change(&file, |accounts| {
        accounts.set_role(&"lee".parse().unwrap(), Role::Admin)
    });
    assert!(matches!(
        nobody,
        Err(Error::Change(ChangeError::NoSuchUser(_)))
    ));
    assert_eq!(file.bytes().unwrap(), before);
}

#[test]
fn changes_take_turns() {
    let folder = TempDir::new().unwrap();
    let file = UsersFile::new(folder.path().join("users.toml"));
    let password = hash("correct horse battery");
    thread::scope(|scope| {
        for number in 0..20 {
            let (file, password) = (&file, password.clone());
            scope.spawn(move || {
                let mut one = user(&format!("user{number}"), Role::Viewer);
                one.password = password;
                change(file, |accounts| accounts.add_user(one)).unwrap();
            });
        }
    });
    assert_eq!(file.read().unwrap().users().len(), 20);
}

#[test]
fn the_owner_of_the_file_decides_who_reads_it_and_where_it_is() {
    let folder = TempDir::new().unwrap();
    let (real, link) = (
        folder.path().join("real.toml"),
        folder.path().join("users.toml"),
    );
    fs::write(&real, "").unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o644)).unwrap();
    symlink(&real, &link).unwrap();
    let file = UsersFile::new(&link);
    assert!(file.is_open_to_others());
    let empty = file.read().unwrap_err().to_string();
    assert!(empty.contains("it is empty"), "{empty}");
    change(&file, |accounts| accounts.add_user(user("jo", Role::Admin))).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(mode(&real), 0o640, "the group may read it as before");
    assert!(!file.is_open_to_others());
}

#[test]
fn damage_is_named_with_its_line_and_field_and_no_secret() {
    let folder = TempDir::new().unwrap();
    let file = UsersFile::new(folder.path().join("users.toml"));
    change(&file, |accounts| accounts.add_user(user("jo", Role::Admin))).unwrap();
    let issued = Token::issue(
        Role::Viewer,
        datetime!(2030-01-02 03:04:05 UTC),
        Note::default(),
    );
    change(&file, |accounts| {
        accounts.add_token(issued.token);
        Ok(())
    })
    .unwrap();
    let good = fs::read_to_string(file.path()).unwrap();
    let line_of = |text: &str| 1 + good.lines().position(|line| line.contains(text)).unwrap();
    let user_table =
        good[good.find("[[user]]").unwrap()..good.find("[[token]]").unwrap()].to_owned();

    for (bad, line, field, word) in [
        (
            good.replace("\"admin\"", "\"boss\""),
            line_of("\"admin\""),
            Some("role"),
            "viewer, operator or admin",
        ),
        (
            good.replace("\"jo\"", "\"Jo\""),
            line_of("\"jo\""),
            Some("name"),
            "lower-case",
        ),
        (
            good.replace("$argon2id$", "$argon2i$"),
            line_of("$argon2id$"),
            Some("password"),
            "argon2id",
        ),
        (
            good.replace("m=19456", "m=4000000000"),
            line_of("$argon2id$"),
            Some("password"),
            "argon2id",
        ),
        (
            good.replace("2030-01-02", "2030-13-02"),
            line_of("expires"),
            Some("expires"),
            "month",
        ),
        (
            good.replace("digest = \"", "digest = \"0"),
            line_of("digest"),
            Some("digest"),
            "64",
        ),
        (
            good.replace("role = \"viewer\"\n", ""),
            line_of("[[token]]"),
            None,
            "role",
        ),
        (
            good.replace("role = \"viewer\"", "rule = \"viewer\""),
            line_of("\"viewer\""),
            Some("rule"),
            "unknown field",
        ),
        (
            good.replace("role = \"viewer\"", "role = \"viewer"),
            line_of("\"viewer\""),
            Some("role"),
            "string",
        ),
        (
            format!("{good}\n{user_table}"),
            good.lines().count() + 2,
            None,
            "second user jo",
        ),
    ] {
        fs::write(file.path(), &bad).unwrap();
        let error = file.read().unwrap_err();
        let FileError::Damaged {
            line: named_line,
            field: named_field,
            ..
        } = &error
        else {
            panic!("{error}");
        };
        let text = error.to_string();
        assert_eq!(
            (*named_line, named_field.as_deref()),
            (line, field),
            "{text}"
        );
        assert!(text.contains(word), "{word:?} in {text}");
        assert!(text.contains("users.toml"), "{text}");
        let secrets = bad.lines().filter_map(|line| line.split_once(" = \"$"));
        for (_, secret) in secrets {
            assert!(!text.contains(secret.trim_end_matches('"')), "{text}");
        }
    }

    fs::write(file.path(), b"# a\n\xff").unwrap();
    let error = file.read().unwrap_err().to_string();
    assert!(
        error.contains("line 2") && error.contains("UTF-8"),
        "{error}"
    );
    fs::write(file.path(), vec![b'#'; 5 * 1024 * 1024]).unwrap();
    assert!(matches!(file.read(), Err(FileError::Read { .. })));
    fs::write(file.path(), "role = 1").unwrap();
    let refused = change(&file, |accounts| accounts.add_user(user("jo", Role::Admin)));
    assert!(matches!(
        refused,
        Err(Error::File(FileError::Damaged { .. }))
    ));
    assert_eq!(
        fs::read_to_string(file.path()).unwrap(),
        "role = 1",
        "what cannot be read is not overwritten"
    );
}
