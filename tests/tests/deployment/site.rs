//! A copy of `deploy/` for the tests beside.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;
use test_support::{NatsServer, RedisServer};
use tests::framewatch;

/// A copy of `deploy/` with secrets of its own.
pub(crate) struct Site(TempDir);

impl Site {
    /// Makes one, with cameras `gate` and `yard`.
    pub(crate) fn new() -> Self {
        let site = Site(TempDir::with_prefix("framewatch-deploy-").unwrap());
        let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
        for file in [
            "init",
            "settings.example.env",
            "nats/nats.conf",
            "nats/accounts.conf",
            "redis/redis.conf",
            "redis/users.acl",
        ] {
            let copy = site.path(file);
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(deploy.join(file), copy).unwrap();
        }
        site.must_init(&["--camera", "gate", "--camera", "yard=yard-1,yard-2"]);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs `deploy/init`.
    pub(crate) fn init(&self, arguments: &[&str]) -> Output {
        Command::new(self.path("init"))
            .env("FRAMEWATCH", framewatch())
            .args(arguments)
            .output()
            .unwrap()
    }

    pub(crate) fn must_init(&self, arguments: &[&str]) {
        let output = self.init(arguments);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{error}");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The file with this password.
    pub(crate) fn password_file(&self, name: &str) -> PathBuf {
        self.path(&format!("secrets/passwords/{name}"))
    }

    pub(crate) fn password(&self, name: &str) -> String {
        fs::read_to_string(self.password_file(name))
            .unwrap()
            .trim_end()
            .to_owned()
    }

    pub(crate) fn nats(&self, more: &[&str]) -> NatsServer {
        NatsServer::start_from(self.path("nats/nats.conf"), more)
    }

    pub(crate) fn redis(&self) -> RedisServer {
        let users = self.path("secrets/redis/users.acl");
        RedisServer::start_from(
            self.path("redis/redis.conf"),
            &["--aclfile", users.to_str().unwrap()],
        )
    }
}
