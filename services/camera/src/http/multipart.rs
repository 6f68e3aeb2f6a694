//! A stream of pictures in one answer (`multipart/x-mixed-replace`). Cameras say of a part's length what they like: it is
//! believed only where a picture ends there.

use bytes::{Buf, Bytes, BytesMut};
use event_bus::MAX_FRAME_BYTES;
use memchr::memmem;
use tokio::time::{Instant, timeout};

use super::body::{Body, is_page, too_large};
use crate::{Outage, deadlines::SILENCE};

const MAX_HEAD: usize = 8 * 1024;
const END_OF_JPEG: [u8; 2] = [0xFF, 0xD9];

/// What stands between the parts of an answer of this type; `None` where the answer is no stream.
pub(super) fn boundary(content_type: Option<&str>) -> Option<String> {
    let content_type = content_type?;
    let mut parts = content_type.split(';').map(str::trim);
    if !parts.next()?.to_ascii_lowercase().starts_with("multipart/") {
        return None;
    }
    let named = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("boundary")
            .then(|| value.trim().trim_matches('"'))
    });
    // Some put into the name what only its use begins with.
    Some(
        named
            .unwrap_or_default()
            .trim_start_matches("--")
            .to_owned(),
    )
}

/// A stream of pictures.
pub(super) struct Multipart {
    body: Body,
    parts: Parts,
}

impl Multipart {
    pub(super) fn new(boundary: String, body: Body) -> Self {
        Multipart {
            body,
            parts: Parts::new(boundary),
        }
    }

    /// The first picture that is whole after this time. What came before it is passed over.
    pub(super) async fn next_after(&mut self, due: Instant) -> Result<Bytes, Outage> {
        loop {
            let part = timeout(SILENCE, self.next()).await.unwrap_or_else(|_| {
                Err(Outage::silent(format!(
                    "the stream of pictures stands still: nothing came for {SILENCE:?}"
                )))
            })?;
            if Instant::now() >= due {
                return Ok(part);
            }
        }
    }

    async fn next(&mut self) -> Result<Bytes, Outage> {
        loop {
            if let Some(part) = self.parts.next()? {
                return Ok(part);
            }
            let chunk = self.body.chunk().await?;
            let chunk =
                chunk.ok_or_else(|| Outage::silent("the camera ended its stream of pictures"))?;
            self.parts.buffer.extend_from_slice(&chunk);
        }
    }
}

/// Finds the parts in the bytes that it is fed.
struct Parts {
    buffer: BytesMut,
    delimiter: Vec<u8>,
}

impl Parts {
    fn new(boundary: String) -> Self {
        Parts {
            buffer: BytesMut::new(),
            delimiter: format!("--{boundary}").into_bytes(),
        }
    }

    /// The next whole part, if the buffer holds one.
    fn next(&mut self) -> Result<Option<Bytes>, Outage> {
        loop {
            let Some(start) = memmem::find(&self.buffer, &self.delimiter) else {
                // What comes before the first part is nothing, but its end may be the beginning of a delimiter.
                let keep = self.delimiter.len().min(self.buffer.len());
                self.buffer.advance(self.buffer.len() - keep);
                return Ok(None);
            };
            self.buffer.advance(start);
            let Some(head_end) = memmem::find(&self.buffer, b"\r\n\r\n") else {
                return match self.buffer.len() > MAX_HEAD {
                    true => Err(Outage::silent(
                        "the camera's stream of pictures is none: a part has no head",
                    )),
                    false => Ok(None),
                };
            };
            let head = Head::read(&self.buffer[self.delimiter.len()..head_end])?;
            let content = &self.buffer[head_end + 4..];
            let Some(length) = self.length(content, head.length) else {
                return match content.len() > MAX_FRAME_BYTES + MAX_HEAD {
                    true => Err(too_large()),
                    false => Ok(None),
                };
            };
            self.buffer.advance(head_end + 4);
            let part = self.buffer.split_to(length).freeze();
            if !part.is_empty() {
                return Ok(Some(part));
            }
        }
    }

    /// How long the part is that the buffer goes on with; `None` where its end did not come yet.
    fn length(&self, content: &[u8], said: Option<usize>) -> Option<usize> {
        if let Some(said) = said
            && content
                .get(..said)
                .is_some_and(|part| part.ends_with(&END_OF_JPEG))
        {
            return Some(said);
        }
        let end = memmem::find(content, &self.delimiter)?;
        let part = &content[..end];
        let part = part.strip_suffix(b"\n").unwrap_or(part);
        Some(part.strip_suffix(b"\r").unwrap_or(part).len())
    }
}

struct Head {
    length: Option<usize>,
}

impl Head {
    fn read(head: &[u8]) -> Result<Self, Outage> {
        let head = String::from_utf8_lossy(head);
        let mut length = None;
        for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok(),
                "content-type" if is_page(value) => {
                    return Err(Outage::silent(
                        "the camera's stream has pages in it and not pictures: check the path of its URL",
                    ));
                }
                _ => {}
            }
        }
        Ok(Head { length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICTURE: &[u8] = b"\xFF\xD8 a picture with \r\n in it \xFF\xD9";

    fn part(length: &str) -> Vec<u8> {
        let head = format!("--b\r\nContent-Type: image/jpeg\r\n{length}\r\n");
        [head.as_bytes(), PICTURE, b"\r\n"].concat()
    }

    fn all(stream: &[u8], size: usize) -> Vec<Bytes> {
        let mut parts = Parts::new("b".to_owned());
        let mut found = Vec::new();
        for piece in stream.chunks(size) {
            parts.buffer.extend_from_slice(piece);
            while let Some(part) = parts.next().unwrap() {
                found.push(part);
            }
        }
        found
    }

    #[test]
    fn pictures_come_out_whole_whatever_is_said_of_their_length() {
        let right = format!("Content-Length: {}\r\n", PICTURE.len());
        for length in [
            "",
            &right,
            "Content-Length: 3\r\n",
            "Content-Length: 9999\r\n",
            "Content-Length: x\r\n",
        ] {
            let stream = [part(length), part(length), b"--b--".to_vec()].concat();
            for size in [1, 2, 7, stream.len()] {
                let found = all(&stream, size);
                assert_eq!(found, [PICTURE, PICTURE], "{length:?} in pieces of {size}");
            }
        }
        // Where the length is right, nobody waits for the next part.
        assert_eq!(all(&part(&right), 5), [PICTURE]);
    }

    #[test]
    fn what_never_ends_is_refused() {
        let mut parts = Parts::new("b".to_owned());
        parts.buffer.extend_from_slice(b"--b\r\n\r\n");
        parts.buffer.resize(MAX_FRAME_BYTES + 2 * MAX_HEAD, 1);
        assert!(parts.next().is_err());
        let mut parts = Parts::new("b".to_owned());
        parts.buffer.extend_from_slice(b"--b\r\n");
        parts.buffer.resize(2 * MAX_HEAD, b'x');
        assert!(parts.next().is_err());
    }

    #[test]
    fn a_boundary_is_read_as_cameras_write_it() {
        for (text, boundary_) in [
            ("multipart/x-mixed-replace; boundary=b", Some("b")),
            ("multipart/x-mixed-replace;boundary=\"--b\"", Some("b")),
            ("Multipart/X-Mixed-Replace", Some("")),
            ("image/jpeg", None),
        ] {
            assert_eq!(boundary(Some(text)).as_deref(), boundary_, "{text}");
        }
    }
}
