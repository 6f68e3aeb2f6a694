//! A stream of pictures in parts (`multipart/x-mixed-replace`) → its pictures. Pure: it is fed bytes, which are a stranger's. What a
//! part's head says of its length is believed only where a picture ends there; of a part that has no end, no more is kept than a picture may have.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

const MAX_HEAD: usize = 8 * 1024;
const END_OF_JPEG: [u8; 2] = [0xFF, 0xD9];

/// Why a stream gives no pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PartsError {
    /// A part is larger than a picture may be.
    #[error(
        "the camera's pictures have more than {max_bytes} bytes: make them smaller in the camera"
    )]
    TooLarge {
        /// The most bytes that a picture may have.
        max_bytes: usize,
    },
    /// What stands between the parts is no head of a part.
    #[error("the camera's stream of pictures is none: a part has no head")]
    NoHead,
    /// There is text in it.
    #[error("the camera's stream has pages in it and not pictures: check the path of its URL")]
    Page,
}

/// Whether something of this type is text for people, and no picture.
pub fn is_page(content_type: &str) -> bool {
    content_type.starts_with("text/") || content_type.contains("json")
}

/// Finds the parts in the bytes that it is fed.
pub struct Parts {
    buffer: BytesMut,
    delimiter: Vec<u8>,
    max_bytes: usize,
}

impl Parts {
    /// The parts of a stream that `boundary` separates. Each has at most `max_bytes` bytes.
    pub fn new(boundary: &str, max_bytes: usize) -> Self {
        Parts {
            buffer: BytesMut::new(),
            delimiter: format!("--{boundary}").into_bytes(),
            max_bytes,
        }
    }

    /// Takes more of the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// The next whole part, if there is one yet.
    ///
    /// # Errors
    /// When a part is larger than a picture may be, or the stream is none of pictures.
    pub fn next_part(&mut self) -> Result<Option<Bytes>, PartsError> {
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
                    true => Err(PartsError::NoHead),
                    false => Ok(None),
                };
            };
            let head = Head::read(&self.buffer[self.delimiter.len()..head_end])?;
            let content = &self.buffer[head_end + 4..];
            let Some(length) = self.length(content, head.length) else {
                return match content.len() > self.max_bytes + MAX_HEAD {
                    true => Err(PartsError::TooLarge {
                        max_bytes: self.max_bytes,
                    }),
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

    /// The length of the part with which the buffer goes on; `None` where its end has not come yet. The result does not
    /// depend on the pieces in which the stream comes.
    fn length(&self, content: &[u8], said: Option<usize>) -> Option<usize> {
        let said = said.filter(|said| *said <= self.max_bytes);
        // A delimiter may be in a picture by chance, above all where it is two hyphens; right behind the end of one, it is none.
        let ends = || self.ends(content);
        let behind_a_picture = ends().find(|end| content[..*end].ends_with(&END_OF_JPEG));
        let Some(said) = said else {
            return ends().next();
        };
        if let Some(end) = behind_a_picture.filter(|end| *end <= said) {
            return Some(end);
        }
        match content.get(..said)?.ends_with(&END_OF_JPEG) {
            true => Some(said),
            false => ends().next(),
        }
    }

    /// The places where a part may end. The end of a line before the delimiter does not belong to the part.
    fn ends<'a>(&'a self, content: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
        memmem::find_iter(content, &self.delimiter).map(|end| {
            let part = &content[..end];
            let part = part.strip_suffix(b"\n").unwrap_or(part);
            part.strip_suffix(b"\r").unwrap_or(part).len()
        })
    }
}

struct Head {
    length: Option<usize>,
}

impl Head {
    fn read(head: &[u8]) -> Result<Self, PartsError> {
        let head = String::from_utf8_lossy(head);
        let mut length = None;
        for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match name.trim().to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().ok(),
                "content-type" if is_page(value) => {
                    return Err(PartsError::Page);
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

    const MAX: usize = 1 << 20;
    const PICTURE: &[u8] = b"\xFF\xD8 a picture with \r\n in it \xFF\xD9";

    fn part(length: &str) -> Vec<u8> {
        let head = format!("--b\r\nContent-Type: image/jpeg\r\n{length}\r\n");
        [head.as_bytes(), PICTURE, b"\r\n"].concat()
    }

    fn all(stream: &[u8], size: usize) -> Vec<Bytes> {
        let mut parts = Parts::new("b", MAX);
        let mut found = Vec::new();
        for piece in stream.chunks(size) {
            parts.buffer.extend_from_slice(piece);
            while let Some(part) = parts.next_part().unwrap() {
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
    fn a_delimiter_within_a_picture_ends_nothing_where_its_length_is_said() {
        let picture = b"\xFF\xD8 it -- has -- some \xFF\xD9";
        let head = format!("--\r\nContent-Length: {}\r\n\r\n", picture.len());
        let part = [head.as_bytes(), picture, b"\r\n"].concat();
        let stream = part.repeat(2);
        for size in [1, 2, 7, stream.len()] {
            let mut parts = Parts::new("", MAX);
            let mut found = Vec::new();
            for piece in stream.chunks(size) {
                parts.feed(piece);
                while let Some(part) = parts.next_part().unwrap() {
                    found.push(part);
                }
            }
            assert_eq!(found, [&picture[..], &picture[..]], "in pieces of {size}");
        }
    }

    #[test]
    fn what_never_ends_is_refused() {
        let mut parts = Parts::new("b", MAX);
        parts.buffer.extend_from_slice(b"--b\r\n\r\n");
        parts.buffer.resize(MAX + 2 * MAX_HEAD, 1);
        assert!(parts.next_part().is_err());
        let mut parts = Parts::new("b", MAX);
        parts.buffer.extend_from_slice(b"--b\r\n");
        parts.buffer.resize(2 * MAX_HEAD, b'x');
        assert!(parts.next_part().is_err());
    }
}
