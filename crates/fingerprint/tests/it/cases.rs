//! Pictures that readers have stumbled over, each with what is right. All are drawn for this purpose.

use std::{fs, path::Path};

use fingerprint::{Error, Fingerprint, HashKind};

/// What is right of a picture.
enum Right {
    /// It looks like this one.
    Like(&'static str),
    /// It looks like no other.
    Unlike(&'static str),
    /// It is refused in these words.
    Refused(&'static str),
}

use Right::{Like, Refused, Unlike};

const SMALL: &str = "00-ref-400x300.jpg";
const LARGE: &str = "00-ref-960x640.jpg";

const CASES: &[(&str, Right)] = &[
    ("00-other-960x640.jpg", Unlike(LARGE)),
    (
        "01-busy.xml",
        Refused("this is XML text instead of a picture"),
    ),
    ("01-trunc60.jpg", Refused("the JPEG is incomplete")),
    ("02-mono10-ref.png", Unlike(LARGE)),
    ("02-mono10-other.png", Unlike("02-mono10-ref.png")),
    ("03-orientation6.jpg", Like(SMALL)),
    ("03-orientation6-long.jpg", Like(SMALL)),
    ("03-orientation6-then-1.jpg", Like(SMALL)),
    ("04-jfif-and-adobe0-small.jpg", Like(SMALL)),
    ("05-gif-frame-larger-than-screen.gif", Like(SMALL)),
    ("05-gif-zero-screen.gif", Like(SMALL)),
    ("06-png-without-iend.png", Like(SMALL)),
    ("06-png-bad-idat-crc.png", Refused("the PNG is damaged")),
    (
        "07-12bit.jpg",
        Refused("this kind of JPEG can't be read: it has 12 bits a channel"),
    ),
    (
        "07-arithmetic.jpg",
        Refused("this kind of JPEG can't be read: it is coded arithmetically"),
    ),
    ("09-component-ids-012.jpg", Like(LARGE)),
    ("09-extraneous-before-com.jpg", Like(LARGE)),
    ("09-no-dht.jpg", Like(LARGE)),
    ("09-no-eoi.jpg", Like(LARGE)),
    ("10-half-grey.jpg", Unlike(LARGE)),
    ("10-smear.jpg", Unlike(LARGE)),
    ("11-crlf-before-soi.jpg", Refused("unknown data")),
    ("11-data-uri.txt", Refused("this is a data URI")),
    (
        "11-truncated-then-next.jpg",
        Refused("the JPEG is damaged: it has two frame headers"),
    ),
];

fn bytes(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    fs::read(folder.join(name)).expect("it is among the fixtures")
}

fn look(name: &str) -> Result<Fingerprint, Error> {
    fingerprint::of(&bytes(name))
}

#[test]
fn each_case_comes_out_right() {
    for (name, right) in CASES {
        let found = look(name);
        match right {
            Like(other) | Unlike(other) => {
                let found = found.unwrap_or_else(|error| panic!("{name}: {error}"));
                assert!(!found.is_blank(), "{name}");
                let similarity = found.similarity(&look(other).unwrap());
                let is_like = matches!(right, Like(_));
                assert_eq!(similarity >= 0.9, is_like, "{name}: {similarity}");
            }
            Refused(words) => {
                let error = found.err().unwrap_or_else(|| panic!("{name} was read"));
                assert!(error.to_string().contains(words), "{name}: {error}");
            }
        }
    }
}

#[test]
fn each_case_is_tried() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/cases");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let is_known = [SMALL, LARGE, TRANSPARENT].contains(&name.as_str())
            || CASES.iter().any(|(case, _)| *case == name);
        assert!(is_known, "{name} is in no test");
    }
}

const TRANSPARENT: &str = "12-transparent-junk.png";

/// The colours under transparency count.
#[test]
fn transparency_is_ignored() {
    let mut fingerprinter = fingerprint::Fingerprinter::new(fingerprint::Limits::default());
    let seen = fingerprinter.with_hash(&bytes(TRANSPARENT), Some(HashKind::Mean));
    assert!(!seen.unwrap().is_blank());
}
