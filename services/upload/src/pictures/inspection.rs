//! Whether bytes are a picture that can be a reference.

use bytes::Bytes;
use fingerprint::{Error, Fingerprinter, Picture};
use service_runtime::NotDone;

use super::decoding::Decoding;
use crate::problem::{Kind, Problem, sentence};

/// Bytes that were decoded without fault.
pub(crate) struct Inspected {
    pub(crate) bytes: Bytes,
    pub(crate) picture: Picture,
}

pub(crate) struct Inspection(Decoding);

impl Inspection {
    pub(crate) fn new(decoding: Decoding) -> Self {
        Inspection(decoding)
    }

    pub(crate) async fn inspect(&self, bytes: Bytes) -> Result<Inspected, Problem> {
        let looked_at = bytes.clone();
        let work = move |limits| Fingerprinter::new(limits).inspect(&looked_at);
        match self.0.run(work).await {
            Ok(Ok(picture)) => Ok(Inspected { bytes, picture }),
            Ok(Err(error)) => Err(refusal(&error)),
            Err(error @ NotDone::TooMuchMemory { .. }) => {
                Err(Kind::UnreadablePicture.because(sentence(&error.to_string())))
            }
            Err(NotDone::Panicked(error)) => {
                tracing::error!(%error, "a decoder panicked");
                Err(Kind::UnreadablePicture.because("The picture cannot be decoded."))
            }
        }
    }
}

fn refusal(error: &Error) -> Problem {
    let kind = match error {
        Error::Empty => Kind::EmptyPicture,
        Error::UnknownFormat { .. } => Kind::UnknownFormat,
        _ => Kind::UnreadablePicture,
    };
    kind.because(sentence(&error.to_string()))
}
