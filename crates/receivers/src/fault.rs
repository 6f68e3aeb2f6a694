//! What keeps a connection from working, in words. None repeats a URL, which may be a secret.

use std::{error::Error, io};

use rustls::CertificateError;

use crate::plain;

type AnyError<'a> = &'a (dyn Error + 'static);

/// What is wrong, by the deepest cause that is known.
pub(crate) fn words(error: AnyError<'_>) -> String {
    let mut deepest = error;
    let mut cause = Some(error);
    while let Some(next) = cause {
        if let Some(tls) = next.downcast_ref::<rustls::Error>() {
            return of_tls(tls);
        }
        deepest = next;
        cause = deeper(next);
    }
    match deepest.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => {
            "the connection is refused: is it running there, and is the port right?".to_owned()
        }
        Some(io::ErrorKind::TimedOut) => "it does not answer in time".to_owned(),
        Some(io::ErrorKind::UnexpectedEof) => "it closed the connection".to_owned(),
        _ => plain::line(&deepest.to_string(), 200),
    }
}

/// An error of I/O that stands for another says its own cause only where asked for it.
fn deeper<'a>(error: AnyError<'a>) -> Option<AnyError<'a>> {
    match error
        .downcast_ref::<io::Error>()
        .and_then(io::Error::get_ref)
    {
        Some(inner) => Some(inner),
        None => error.source(),
    }
}

fn of_tls(error: &rustls::Error) -> String {
    use CertificateError as Wrong;
    let rustls::Error::InvalidCertificate(wrong) = error else {
        return format!("TLS: {}", plain::line(&error.to_string(), 200));
    };
    let words = match wrong {
        Wrong::UnknownIssuer => {
            "its certificate was signed by nobody who is trusted here: name the authority's certificate as ca-file"
        }
        Wrong::Expired | Wrong::ExpiredContext { .. } => "its certificate has expired",
        Wrong::NotValidYet | Wrong::NotValidYetContext { .. } => {
            "its certificate is not valid yet: is the clock right?"
        }
        Wrong::NotValidForName | Wrong::NotValidForNameContext { .. } => {
            "its certificate is for another name than the one it is reached by"
        }
        Wrong::Revoked => "its certificate was revoked",
        other => {
            return format!(
                "TLS: its certificate: {}",
                plain::line(&format!("{other}"), 200)
            );
        }
    };
    format!("TLS: {words}")
}
