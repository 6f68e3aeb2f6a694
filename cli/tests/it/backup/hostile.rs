//! Files that are no backups, or not any more, or made to do harm.

use std::{fs, io::Write as _};

use ring::digest::{Context, SHA256};
use serde_json::json;
use tar::{Builder, EntryType, Header};
use tempfile::TempDir;
use test_support::NatsServer;
use tests::{View, picture};

use super::{path_of, refused, site::lived_in, succeeded};
use crate::run;

/// An archive under construction, whose last entry is right whatever the others are.
struct Forged {
    tar: Builder<Vec<u8>>,
    checksum: Context,
}

impl Forged {
    fn of_format(format: u32) -> Self {
        let mut forged = Forged {
            tar: Builder::new(Vec::new()),
            checksum: Context::new(&SHA256),
        };
        let header = json!({"format": format, "framewatch": "9.8.7", "createdAt": "2026-11-25T00:00:00Z", "more": 1});
        forged.add("backup.json", header.to_string().as_bytes());
        forged
    }

    fn add(&mut self, name: &str, content: &[u8]) {
        for part in [name.as_bytes(), content] {
            self.checksum.update(&(part.len() as u64).to_be_bytes());
            self.checksum.update(part);
        }
        self.raw(name, EntryType::Regular, content.len() as u64, content);
    }

    /// The header's name is written as it is.
    fn raw(&mut self, name: &str, entry_type: EntryType, size: u64, content: &[u8]) {
        let mut header = Header::new_ustar();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(entry_type);
        header.set_size(size);
        header.set_mode(0o600);
        header.set_cksum();
        self.tar.append(&header, content).unwrap();
    }

    fn end(mut self, counts: &[(&str, u64)]) -> Vec<u8> {
        let mut all = json!({"folders": 0, "rules": 0, "acknowledgements": 0, "comparisons": 0,
            "uploads": 0, "alerts": 0, "references": 0, "evidence": 0});
        for (name, count) in counts {
            all[name] = (*count).into();
        }
        let digest = self.checksum.clone().finish();
        let sha256: String = digest
            .as_ref()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let manifest = json!({"counts": all, "sha256": sha256}).to_string();
        self.raw(
            "manifest.json",
            EntryType::Regular,
            manifest.len() as u64,
            manifest.as_bytes(),
        );
        self.tar.into_inner().unwrap()
    }
}

fn with_entry(name: &str, content: &[u8], counts: &[(&str, u64)]) -> Vec<u8> {
    let mut forged = Forged::of_format(1);
    forged.add(name, content);
    forged.end(counts)
}

fn reference(folder: &str, id: &str, content_type: &str, picture: &[u8]) -> Vec<u8> {
    let mut forged = Forged::of_format(1);
    let upload = json!({"folder": folder, "id": id, "name": "a.jpg", "contentType": content_type,
        "sizeBytes": picture.len().to_string()});
    forged.add(
        &format!("references/gate/{id}.json"),
        upload.to_string().as_bytes(),
    );
    forged.add(&format!("references/gate/{id}"), picture);
    forged.end(&[("references", 1)])
}

fn of_type(entry_type: EntryType, size: u64) -> Vec<u8> {
    let mut forged = Forged::of_format(1);
    forged.raw("evidence/gate-1-a/frame", entry_type, size, b"x");
    forged.end(&[])
}

fn compressed(tar: &[u8]) -> Vec<u8> {
    zstd::encode_all(tar, 1).unwrap()
}

#[test]
fn what_would_do_harm_is_refused_with_the_reason_before_anything_is_changed() {
    let server = NatsServer::start();
    let nats = server.url();
    let files = TempDir::new().unwrap();
    let file = path_of(&files, "backup");
    let restore = |bytes: &[u8]| {
        fs::write(&file, bytes).unwrap();
        run(&["restore", &file, "--nats-url", &nats])
    };
    let jpeg = picture(View::Dock, 0);
    let rule = br#"{"key":"gate","value":{"threshold":7}}"#;
    let foreign_acknowledgement = br#"{"key":"a","value":{"alertId":"b","name":"Jo"}}"#;
    for (why, tar) in [
        (
            "format 3, made by Framewatch 9.8.7",
            Forged::of_format(3).end(&[]),
        ),
        ("no format", Forged::of_format(0).end(&[])),
        ("first entry", {
            let mut forged = Forged::of_format(1);
            forged.tar = Builder::new(Vec::new());
            forged.add("folders/000001.jsonl", b"");
            forged.end(&[])
        }),
        (
            "../../etc/passwd",
            with_entry("../../etc/passwd", b"x", &[]),
        ),
        ("/etc/passwd", with_entry("/etc/passwd", b"x", &[])),
        (
            "neither frame nor reference",
            with_entry("evidence/gate-1-a/x/frame/../y", &jpeg, &[]),
        ),
        (
            "cannot be acknowledged",
            with_entry("evidence/../frame", &jpeg, &[]),
        ),
        (
            "begin as a picture",
            with_entry("evidence/gate-1-a/frame", b"<html>", &[]),
        ),
        (
            "nothing is said of",
            with_entry("references/gate/1", &jpeg, &[]),
        ),
        (
            "said to be of the folder",
            reference("dock", "1", "image/jpeg", &jpeg),
        ),
        ("text/html", reference("gate", "1", "text/html", &jpeg)),
        ("not the id", reference("gate", "a b", "image/jpeg", &jpeg)),
        (
            "threshold",
            with_entry("rules/000001.jsonl", rule, &[("rules", 1)]),
        ),
        (
            "names the alert",
            with_entry(
                "acknowledgements/000001.jsonl",
                foreign_acknowledgement,
                &[("acknowledgements", 1)],
            ),
        ),
        (
            "lower-case letters",
            with_entry(
                "folders/000001.jsonl",
                br#"{"key":"../x","value":null}"#,
                &[("folders", 1)],
            ),
        ),
        (
            "may have",
            with_entry("alerts/000001.jsonl", &vec![b'\n'; 9_000_000], &[]),
        ),
        ("may have", of_type(EntryType::Regular, 8_000_000_000)),
        ("no plain entry", of_type(EntryType::Symlink, 0)),
        (
            "no plain entry",
            of_type(EntryType::GNULongName, 8_000_000_000),
        ),
        (
            "no plain entry",
            of_type(EntryType::XGlobalHeader, 8_000_000_000),
        ),
        (
            "manifest.json says",
            with_entry("folders/000001.jsonl", b"", &[("folders", 1)]),
        ),
        ("follows on manifest.json", {
            let mut tar = Forged::of_format(1).end(&[]);
            tar.truncate(tar.len() - 1024);
            tar.extend_from_slice(&with_entry("folders/000001.jsonl", b"", &[]));
            tar
        }),
        ("follows on its end", {
            let mut tar = Forged::of_format(1).end(&[]);
            tar.extend_from_slice(b"more");
            tar
        }),
    ] {
        refused(&restore(&compressed(&tar)), why);
    }
    refused(&restore(b""), "not a backup");
    refused(&restore(&jpeg), "not a backup");
    refused(&restore(&Forged::of_format(1).end(&[])), "not a backup");
    // And so that it was not the forging that was refused:
    succeeded(&restore(&compressed(&reference(
        "gate",
        "1",
        "image/jpeg",
        &jpeg,
    ))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_is_cut_off_or_changed_anywhere_is_refused() {
    let source = lived_in().await;
    let files = TempDir::new().unwrap();
    let [file, bad] = [path_of(&files, "backup"), path_of(&files, "bad")];
    succeeded(&run(&["backup", &file, "--nats-url", &source.nats.url()]));
    let whole = fs::read(&file).unwrap();
    let content = zstd::decode_all(&whole[..]).unwrap();
    let target = NatsServer::start();
    let restore = ["restore", &bad, "--nats-url", &target.url()];
    let step = whole.len() / 40;
    for at in (0..whole.len()).step_by(step).chain([whole.len() - 1]) {
        fs::write(&bad, &whole[..at]).unwrap();
        refused(&run(&restore), "nothing was restored");
        let mut changed = whole.clone();
        changed[at] ^= 0x10;
        // Some bits of a compressed file mean nothing.
        if zstd::decode_all(&changed[..]).is_ok_and(|changed| changed == content) {
            continue;
        }
        fs::write(&bad, &changed).unwrap();
        refused(&run(&restore), "nothing was restored");
    }
    let mut longer = fs::File::options().append(true).open(&file).unwrap();
    longer.write_all(b"more").unwrap();
    refused(
        &run(&["restore", &file, "--nats-url", &target.url()]),
        "nothing was restored",
    );

    fs::write(&bad, whole).unwrap();
    succeeded(&run(&restore));
}
