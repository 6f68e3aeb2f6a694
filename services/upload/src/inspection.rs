//! Whether bytes are a picture that can be a reference.

use bytes::Bytes;
use fingerprint::{Error, Fingerprinter, Limits, Picture};

use crate::{
    cores::Cores,
    problem::{Kind, Problem},
};

/// Bytes that were decoded without fault.
pub(crate) struct Inspected {
    pub(crate) bytes: Bytes,
    pub(crate) picture: Picture,
}

/// Decodes on as many threads as there are cores.
pub(crate) struct Inspection {
    limits: Limits,
    cores: Cores,
}

impl Inspection {
    pub(crate) fn new(limits: Limits, cores: Cores) -> Self {
        Inspection { limits, cores }
    }

    pub(crate) async fn inspect(&self, bytes: Bytes) -> Result<Inspected, Problem> {
        let limits = self.limits;
        let work = move || {
            let picture = Fingerprinter::new(limits).inspect(&bytes)?;
            Ok(Inspected { bytes, picture })
        };
        match self.cores.run(work).await {
            Ok(result) => result.map_err(|error| refusal(&error)),
            Err(error) => {
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

/// Errors are written to be part of a sentence; a problem's detail is one.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(char::to_uppercase);
    let mut sentence: String = first.into_iter().flatten().chain(chars).collect();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
