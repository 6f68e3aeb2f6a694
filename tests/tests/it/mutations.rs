//! The mutations that `make mutation-check` tries still fit what they change.

use std::{fs, path::Path, process::Command};

#[test]
fn every_mutation_applies() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mutations: Vec<_> = fs::read_dir(root.join("tests/mutations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(!mutations.is_empty());
    for mutation in mutations {
        let output = Command::new("git")
            .args(["apply", "--check"])
            .arg(fs::canonicalize(&mutation).unwrap())
            .current_dir(&root)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", mutation.display());
    }
}
