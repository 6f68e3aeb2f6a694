//! `framewatch compare`: one pair, many pairs, each measure.

use std::{fs, io::Write, path::Path, process::Stdio};

use tempfile::TempDir;
use test_support::lines_of;
use tests::{View, picture};

use crate::{framewatch, run, stderr, stdout};

fn pictures() -> TempDir {
    let folder = TempDir::new().unwrap();
    for (name, view, seed) in [
        ("dock.jpg", View::Dock, 0),
        ("dock2.jpg", View::Dock, 1),
        ("wall.jpg", View::Wall, 0),
        ("blank.jpg", View::Blank, 0),
    ] {
        fs::write(folder.path().join(name), picture(view, seed)).unwrap();
    }
    fs::write(folder.path().join("text.jpg"), "no picture").unwrap();
    folder
}

fn compare(folder: &Path, reference: &str, frame: &str) -> (Option<i32>, String) {
    let path = |name: &str| folder.join(name).display().to_string();
    let output = run(&["compare", &path(reference), &path(frame)]);
    (output.status.code(), stdout(&output).to_owned())
}

#[test]
fn one_pair_is_answered_by_a_line_and_the_exit_code() {
    let folder = pictures();
    let folder = folder.path();
    assert_eq!(
        compare(folder, "dock.jpg", "dock.jpg"),
        (Some(0), "1\tmatch\t\n".to_owned())
    );
    assert_eq!(compare(folder, "dock.jpg", "dock2.jpg").0, Some(0));
    assert_eq!(compare(folder, "dock.jpg", "wall.jpg").0, Some(1));
    assert_eq!(compare(folder, "blank.jpg", "blank.jpg").0, Some(2));
    let (code, line) = compare(folder, "dock.jpg", "text.jpg");
    assert_eq!(code, Some(3));
    assert!(
        line.starts_with("\terror\t") && line.contains("text.jpg"),
        "{line}"
    );
    assert_eq!(compare(folder, "missing.jpg", "dock.jpg").0, Some(3));
}

#[test]
fn pairs_are_answered_in_order_whatever_they_are() {
    let folder = pictures();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (dock, wall, text) = (path("dock.jpg"), path("wall.jpg"), path("text.jpg"));
    let input =
        format!("{dock}\t{dock}\n{dock}\t{text}\nno tab\n{text}\t{dock}\r\n{dock}\t{wall}\n");
    let mut child = framewatch()
        .args(["compare", "--pairs", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    let verdicts: Vec<_> = stdout(&output)
        .lines()
        .map(|line| line.split('\t').nth(1).unwrap().to_owned())
        .collect();
    assert_eq!(verdicts, ["match", "error", "error", "error", "mismatch"]);
}

#[test]
fn each_pair_is_answered_as_soon_as_it_is_there() {
    let folder = pictures();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let (dock, wall) = (path("dock.jpg"), path("wall.jpg"));
    let mut child = framewatch()
        .args(["compare", "--measure", "phash", "--pairs", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut answers = lines_of(child.stdout.take().unwrap());
    for (frame, verdict) in [(&dock, "match"), (&wall, "mismatch"), (&dock, "match")] {
        writeln!(input, "{dock}\t{frame}").unwrap();
        let answer = answers.next().unwrap();
        assert_eq!(answer.split('\t').nth(1), Some(verdict));
    }
    // A file that is written again is read again.
    fs::copy(&wall, &dock).unwrap();
    writeln!(input, "{dock}\t{wall}").unwrap();
    let answer = answers.next().unwrap();
    assert_eq!(answer.split('\t').nth(1), Some("match"));
    drop(input);
    assert!(child.wait().unwrap().success());
}

#[test]
fn json_says_the_same() {
    let folder = pictures();
    let dock = folder.path().join("dock.jpg").display().to_string();
    let output = run(&["compare", "--json", "--threshold", "1", &dock, &dock]);
    let line = stdout(&output);
    assert!(
        line.contains(r#""similarity":1.0,"verdict":"match""#),
        "{line}"
    );
    let refused = run(&["compare", "--threshold", "2", &dock, &dock]);
    assert_eq!(refused.status.code(), Some(64));
    assert!(
        stderr(&refused).contains("from 0 to 1"),
        "{}",
        stderr(&refused)
    );
}

#[test]
fn every_measure_tells_two_views_apart() {
    let folder = pictures();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for measure in [
        "phash",
        "mean",
        "median",
        "gradient",
        "double-gradient",
        "blockhash",
    ] {
        for (frame, code) in [("dock.jpg", 0), ("dock2.jpg", 0), ("wall.jpg", 1)] {
            let (dock, frame) = (path("dock.jpg"), path(frame));
            let output = run(&["compare", "--measure", measure, &dock, &frame]);
            assert_eq!(
                output.status.code(),
                Some(code),
                "{measure}: {}",
                stdout(&output)
            );
        }
    }
    let unknown = run(&[
        "compare",
        "--measure",
        "pieces",
        &path("dock.jpg"),
        &path("wall.jpg"),
    ]);
    assert_eq!(unknown.status.code(), Some(64));
    assert!(
        stderr(&unknown).contains("double-gradient"),
        "{}",
        stderr(&unknown)
    );
}

#[test]
fn without_the_network_parts_are_not_compared_and_it_says_why() {
    let files = pictures();
    let path = |name: &str| files.path().join(name).display().to_string();
    let (dock, wall) = (path("dock.jpg"), path("wall.jpg"));
    let output = run(&["compare", "--measure", "parts", &dock, &wall]);
    assert_eq!(output.status.code(), Some(69));
    let said = stderr(&output);
    assert!(said.contains("the measure parts needs"), "{said}");
}

#[test]
fn by_view_a_change_is_told_from_the_same_view_and_shown_where_the_network_is_installed() {
    let files = pictures();
    let path = |name: &str| files.path().join(name).display().to_string();
    let by_view = |more: &[&str]| run(&[&["compare", "--measure", "view"], more].concat());
    let without = by_view(&[&path("dock.jpg"), &path("wall.jpg")]);
    assert_eq!(without.status.code(), Some(69));
    assert!(stderr(&without).contains("--model"), "{}", stderr(&without));

    let Some(model) = looks::ModelConfig::default().file() else {
        return tests::skip("the network's weights are not installed");
    };
    let model = ["--model", model.to_str().unwrap()];
    // To the network, pictures of blocks are all alike: these are drawn as the demo's cameras see them.
    let cameras = cctv_sim::demo_cameras();
    for (number, name) in [(0, "bay.jpg"), (1, "shelf.jpg")] {
        fs::write(path(name), cctv_sim::reference(&cameras[number]).unwrap()).unwrap();
    }
    for (frame, code) in [("bay.jpg", 0), ("shelf.jpg", 1)] {
        let (dock, frame) = (path("bay.jpg"), path(frame));
        let map = path("map.png");
        let output = by_view(&[&model[..], &["--heat-map", &map, &dock, &frame]].concat());
        assert_eq!(output.status.code(), Some(code), "{}", stdout(&output));
        assert!(fs::read(map).unwrap().starts_with(b"\x89PNG"));
    }
    let normal = path("shelf.jpg");
    let output = by_view(
        &[
            &model[..],
            &["--normal", &normal, &path("bay.jpg"), &normal],
        ]
        .concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
}
