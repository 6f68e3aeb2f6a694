//! Whether bytes are a picture that can be a reference.

use bytes::Bytes;
use fingerprint::{Error, Fingerprinter, Picture};
use tokio::task::JoinError;

use crate::{
    decoding::Decoding,
    problem::{Kind, Problem, sentence},
};

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
        match self.decode(bytes).await {
            Ok(result) => result.map_err(|error| refusal(&error)),
            Err(error) => {
                tracing::error!(%error, "a decoder panicked");
                Err(Kind::UnreadablePicture.because("The picture cannot be decoded."))
            }
        }
    }

    async fn decode(&self, bytes: Bytes) -> Result<Result<Inspected, Error>, JoinError> {
        let size = self.0.size(bytes.clone()).await?;
        let limits = self.0.limits();
        let work = move || {
            let picture = Fingerprinter::new(limits).inspect(&bytes)?;
            Ok(Inspected { bytes, picture })
        };
        // Without a size there is nothing to decode, and `work` says why.
        self.0.run(size.unwrap_or_default(), work).await
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
