//! Splits a stream of JPEGs that follow each other directly into single pictures.

use bytes::{Buf, Bytes, BytesMut};

/// Finds the pictures in the bytes that it is fed.
pub(crate) struct Splitter {
    buffer: BytesMut,
    /// Up to here the buffer has been looked through.
    at: usize,
    place: Place,
    max_bytes: usize,
}

/// In which part of a picture the splitter is.
#[derive(Clone, Copy)]
enum Place {
    /// Before a picture's first marker.
    Outside,
    /// At a marker of the header, or between scans.
    Marker,
    /// Within compressed data.
    Scan,
}

/// A picture in the stream is larger than it may be.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a picture in the stream is larger than it may be")]
pub(crate) struct TooLarge;

impl Splitter {
    /// A splitter for pictures of at most `max_bytes` bytes.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            at: 0,
            place: Place::Outside,
            max_bytes,
        }
    }

    /// The buffer for more of the stream.
    pub(crate) fn buffer(&mut self) -> &mut BytesMut {
        &mut self.buffer
    }

    /// The next whole picture, if the buffer holds one.
    ///
    /// # Errors
    /// When it is larger than it may be.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, TooLarge> {
        loop {
            let step = match self.place {
                Place::Outside => self.find_start(),
                Place::Marker => self.pass_segment(),
                Place::Scan => self.pass_scan(),
            };
            match step {
                Some(Step::On) => {}
                Some(Step::End) => return Ok(Some(self.cut())),
                None if self.buffer.len() > self.max_bytes => return Err(TooLarge),
                None => return Ok(None),
            }
        }
    }

    fn find_start(&mut self) -> Option<Step> {
        let start = self.buffer.windows(2).position(|pair| pair == [0xFF, 0xD8]);
        let skip = start.unwrap_or(self.buffer.len().saturating_sub(1));
        self.buffer.advance(skip);
        start?;
        self.at = 2;
        self.place = Place::Marker;
        Some(Step::On)
    }

    /// Passes one marker with its segment.
    fn pass_segment(&mut self) -> Option<Step> {
        let rest = self.buffer.get(self.at..)?;
        match *rest {
            [0xFF, 0xD9, ..] => {
                self.at += 2;
                Some(Step::End)
            }
            [0xFF, 0xFF, ..] => {
                self.at += 1;
                Some(Step::On)
            }
            [0xFF, marker, high, low, ..] => {
                self.at += 2 + usize::from(u16::from_be_bytes([high, low]));
                if marker == 0xDA {
                    self.place = Place::Scan;
                }
                Some(Step::On)
            }
            [0xFF, ..] | [] => None,
            [_, ..] => {
                self.buffer.advance(self.at);
                self.place = Place::Outside;
                Some(Step::On)
            }
        }
    }

    /// Passes compressed data up to a marker that is not part of it.
    fn pass_scan(&mut self) -> Option<Step> {
        let rest = self.buffer.get(self.at..)?;
        let marker = rest
            .windows(2)
            .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xD0..=0xD7 | 0xFF));
        self.at += marker.unwrap_or(rest.len().saturating_sub(1));
        marker?;
        self.place = Place::Marker;
        Some(Step::On)
    }

    fn cut(&mut self) -> Bytes {
        let picture = self.buffer.split_to(self.at).freeze();
        self.at = 0;
        self.place = Place::Outside;
        picture
    }
}

enum Step {
    On,
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A header, a scan with what looks like a marker and is none, another scan, and the end.
    fn picture(length: u8) -> Bytes {
        let data: Vec<u8> = (0..length).flat_map(|byte| [byte, 0xFF, 0]).collect();
        let mut picture = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 0xFF, 0xD9];
        for _ in 0..2 {
            picture.extend([0xFF, 0xDA, 0, 3, 1]);
            picture.extend(&data);
            picture.extend([0xFF, 0xD0]);
        }
        picture.extend([0xFF, 0xD9]);
        picture.into()
    }

    fn pictures() -> Vec<Bytes> {
        [10, 90, 200].map(picture).to_vec()
    }

    #[test]
    fn pictures_come_out_as_they_went_in_however_they_are_cut_up() {
        let stream = pictures().concat();
        for size in [1, 2, 7, 100, stream.len()] {
            let mut splitter = Splitter::new(1 << 20);
            let mut found = Vec::new();
            for piece in stream.chunks(size) {
                splitter.buffer().extend_from_slice(piece);
                while let Some(picture) = splitter.next().unwrap() {
                    found.push(picture);
                }
            }
            assert!(found == pictures(), "pieces of {size}");
        }
    }

    #[test]
    fn a_marker_inside_a_segment_ends_nothing() {
        let picture = [
            0xFF, 0xD8, 0xFF, 0xFE, 0, 6, 0xFF, 0xD9, 0xFF, 0xD8, 0xFF, 0xD9,
        ];
        let mut splitter = Splitter::new(1000);
        splitter.buffer().extend_from_slice(&picture);
        assert_eq!(splitter.next(), Ok(Some(Bytes::copy_from_slice(&picture))));
    }

    #[test]
    fn a_picture_without_end_is_refused() {
        let mut splitter = Splitter::new(1000);
        splitter
            .buffer()
            .extend_from_slice(&[0xFF, 0xD8, 0xFF, 0xDA, 0, 2]);
        splitter.buffer().extend_from_slice(&[1; 1000]);
        assert_eq!(splitter.next(), Err(TooLarge));
    }
}
