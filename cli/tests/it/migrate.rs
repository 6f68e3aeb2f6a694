//! An installation of the old system, taken over; and a worker that polls as the old one did, before and after.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, SystemTime},
};

use tempfile::TempDir;
use test_support::{lines_of, terminate};
use tests::{Stack, View, picture};

use crate::{run, stderr, stdout};

/// The old page, until it is dropped.
struct OldPage {
    process: Child,
    address: String,
}

impl OldPage {
    fn of(root: &Path) -> Self {
        let mut process = Command::new("python3")
            .arg(program("old_page.py"))
            .arg(root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let address = lines_of(process.stdout.take().unwrap()).next().unwrap();
        OldPage { process, address }
    }
}

impl Drop for OldPage {
    fn drop(&mut self) {
        terminate(&self.process);
        self.process.wait().ok();
    }
}

fn program(name: &str) -> PathBuf {
    let seed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/seed");
    seed.join(name)
}

/// What the worker hears of two folders from the page at this address.
fn polled(page: &str) -> String {
    let output = Command::new("python3")
        .arg(program("worker.py"))
        .args([page, "folder1", "folder2"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    stdout(&output).to_owned()
}

/// A file of this age in hours.
fn put(root: &Path, path: &str, bytes: &[u8], hours: u64) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    let modified = SystemTime::now() - Duration::from_secs(hours * 3600);
    file.set_modified(modified).unwrap();
}

/// As the old system left it: the newest file is not the last by name.
fn installation() -> TempDir {
    let root = TempDir::new().unwrap();
    let put = |path: &str, bytes: &[u8], hours| put(root.path(), path, bytes, hours);
    put("uploads/folder1/a_new.jpg", &picture(View::Dock, 0), 1);
    put("uploads/folder1/old.jpg", &picture(View::Wall, 0), 30);
    put("uploads/folder1/note.txt", b"no picture", 60);
    put("uploads/folder2/gate one.JPG", &picture(View::Wall, 1), 50);
    put("uploads/folder2/gate.jpg", &picture(View::Wall, 2), 2);
    put("uploads/line-7/part.jpg", &picture(View::Dock, 3), 3);
    put("cctv_inputs/folder1/frame.jpg", &picture(View::Dock, 4), 0);
    put(
        "docker-compose.yml",
        b"services:\n  retriever_service:\n    environment:\n      - SIMILARITY_THRESHOLD=0.85\n",
        90,
    );
    root
}

async fn names(stack: &Stack, folder: &str) -> Vec<String> {
    let listed = stack.get(&format!("/api/v1/folders/{folder}/images")).await;
    let images = listed["images"].as_array().unwrap().iter();
    images
        .map(|image| image["name"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_installation_is_taken_over_and_its_worker_hears_the_same() {
    let root = installation();
    let stack = Stack::start().await;
    let page = OldPage::of(root.path());
    let before = polled(&page.address);
    assert!(before.starts_with("uploads/folder1/a_new.jpg "), "{before}");

    let directory = root.path().to_str().unwrap();
    let (url, migrate) = (stack.url(""), ["migrate", directory, "--url"]);
    let tried = run(&[&migrate[..], &[&url, "--dry-run"]].concat());
    assert!(tried.status.success(), "{}", stderr(&tried));
    assert_eq!(names(&stack, "folder1").await, [""; 0]);

    let migrated = run(&[&migrate[..], &[&url]].concat());
    assert!(migrated.status.success(), "{}", stderr(&migrated));
    let said = stdout(&migrated);
    for words in [
        "folder1: 2 pictures",
        "threshold: 0.85 (SIMILARITY_THRESHOLD in ",
        "--redis-alerts sentence",
    ] {
        assert!(said.contains(words), "{words:?} is not in:\n{said}");
    }
    assert_eq!(polled(&stack.url("")), before);
    // The newest first.
    assert_eq!(names(&stack, "folder1").await, ["a_new.jpg", "old.jpg"]);
    assert_eq!(names(&stack, "folder2").await, ["gate.jpg", "gate_one.JPG"]);
    assert_eq!(names(&stack, "line-7").await, ["part.jpg"]);
    let rule = stack.get("/api/v1/rules/_default").await;
    assert_eq!(rule["rule"]["threshold"], 0.85, "{rule}");
    assert_eq!(rule["rule"]["measure"], "phash", "{rule}");

    // Again, as after an interruption: nothing comes twice, and what people have set since stays.
    let set = ["rule", "set", "_default", "--threshold", "0.7", "--url"];
    assert!(run(&[&set[..], &[&url]].concat()).status.success());
    let again = run(&[&migrate[..], &[&url]].concat());
    assert!(again.status.success(), "{}", stderr(&again));
    assert!(stdout(&again).contains("folder1: 2 pictures, 2 of them there already"));
    assert!(
        stdout(&again).contains("(threshold 0.7, measure phash) and stays"),
        "{}",
        stdout(&again)
    );
    assert_eq!(names(&stack, "folder1").await, ["a_new.jpg", "old.jpg"]);
    let rule = stack.get("/api/v1/rules/_default").await;
    assert_eq!(rule["rule"]["threshold"], 0.7, "{rule}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_puts_no_old_picture_over_a_newer_one() {
    let root = TempDir::new().unwrap();
    let put = |name: &str, view, hours| {
        let path = format!("uploads/folder1/{name}");
        put(root.path(), &path, &picture(view, 0), hours);
    };
    put("b.jpg", View::Dock, 2);
    let stack = Stack::without_comparator().await;
    let (directory, url) = (root.path().to_str().unwrap(), stack.url(""));
    let migrate = || run(&["migrate", directory, "--url", &url]);
    assert!(migrate().status.success());

    // Found later, in another place; and one that the old system had over the one that is there.
    put("a.jpg", View::Wall, 30);
    let repeated = migrate();
    assert_eq!(repeated.status.code(), Some(64));
    assert!(stdout(&repeated).contains("a.jpg: not taken; newer pictures"));
    assert_eq!(names(&stack, "folder1").await, ["b.jpg"]);
    put("b.jpg", View::Yard, 0);
    fs::remove_file(root.path().join("uploads/folder1/a.jpg")).unwrap();
    assert!(migrate().status.success());
    assert_eq!(names(&stack, "folder1").await, ["b.jpg", "b.jpg"]);

    // What people uploaded since is the reference.
    stack
        .upload("folder1", "new.jpg", picture(View::Wall, 5))
        .await;
    put("c.jpg", View::Wall, 0);
    let repeated = migrate();
    assert!(
        stdout(&repeated).contains("c.jpg: not taken"),
        "{}",
        stdout(&repeated)
    );
    assert_eq!(names(&stack, "folder1").await[0], "new.jpg");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_taken_over_is_named_and_the_rest_is() {
    let root = TempDir::new().unwrap();
    put(
        root.path(),
        "uploads/folder1/torn.jpg",
        b"no picture at all",
        2,
    );
    put(
        root.path(),
        "uploads/folder1/dock.jpg",
        &picture(View::Dock, 0),
        1,
    );
    put(
        root.path(),
        "uploads/Loading Dock/dock.jpg",
        &picture(View::Dock, 0),
        1,
    );
    let stack = Stack::without_comparator().await;
    let (directory, url) = (root.path().to_str().unwrap(), stack.url(""));
    let migrated = run(&["migrate", directory, "--url", &url]);
    assert_eq!(migrated.status.code(), Some(64));
    let said = stdout(&migrated);
    assert!(said.contains("torn.jpg: not taken"), "{said}");
    assert!(said.contains("Loading Dock: left out"), "{said}");
    assert!(said.contains("0.9 holds, as before"), "{said}");
    assert_eq!(names(&stack, "folder1").await, ["dock.jpg"]);
}

#[test]
fn what_is_no_installation_is_refused_before_anything_is_asked() {
    let root = TempDir::new().unwrap();
    let directory = root.path().to_str().unwrap();
    let nothing = run(&["migrate", directory, "--url", "http://127.0.0.1:1"]);
    assert_eq!(nothing.status.code(), Some(64));
    assert!(stderr(&nothing).contains("neither a folder uploads nor cctv_inputs"));
    assert_eq!(run(&["migrate", "/nowhere/at/all"]).status.code(), Some(64));

    put(root.path(), "uploads/folder1/a.jpg", b"", 1);
    put(root.path(), ".env", b"SIMILARITY_THRESHOLD=90\n", 1);
    let wrong = run(&["migrate", directory, "--url", "http://127.0.0.1:1"]);
    assert_eq!(wrong.status.code(), Some(64));
    assert!(
        stderr(&wrong).contains("is 90; it must be a number from 0 to 1"),
        "{}",
        stderr(&wrong)
    );
}
