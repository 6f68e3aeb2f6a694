//! What a server answers, and what follows from it.

use std::time::{Duration, SystemTime};

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};

use crate::{Outcome, fault, plain};

/// The most of an answer that is read, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// Whoever asks to be left alone for longer is asked again after this.
const LONGEST_REST: Duration = Duration::from_secs(24 * 60 * 60);

/// An answer, with as much of its body as is of use.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

/// Why there is nothing that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It may be had later.
    Now {
        after: Option<Duration>,
        why: String,
    },
    /// The message is too large: without its picture it may be taken.
    TooLarge(String),
    /// It never will be.
    Forever(String),
}

impl Refusal {
    /// One that may be over later.
    pub(crate) fn now(why: impl Into<String>) -> Self {
        let why = why.into();
        Refusal::Now { after: None, why }
    }

    /// What is wrong.
    pub(crate) fn why(&self) -> &str {
        match self {
            Refusal::Now { why, .. } | Refusal::TooLarge(why) | Refusal::Forever(why) => why,
        }
    }
}

impl From<Refusal> for Outcome {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Now { after, why } => Outcome::TryAgain { after, why },
            Refusal::TooLarge(why) | Refusal::Forever(why) => Outcome::Refused { why },
        }
    }
}

/// Sends a request to `host`, and waits for the answer.
pub(crate) async fn ask(request: RequestBuilder, host: &str) -> Result<Answer, Refusal> {
    let response = request.send().await;
    let response = response.map_err(|error| unanswered(&error, host))?;
    let (status, retry_after) = (response.status(), retry_after(response.headers()));
    let body = body(response).await;
    Ok(Answer {
        status,
        retry_after,
        body: body.map_err(|error| unanswered(&error, host))?,
    })
}

async fn body(mut response: Response) -> reqwest::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        let room = MAX_BYTES - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == MAX_BYTES {
            break;
        }
    }
    Ok(body)
}

fn unanswered(error: &reqwest::Error, host: &str) -> Refusal {
    let words = match error.is_timeout() {
        true => "it does not answer in time".to_owned(),
        false => fault::words(error),
    };
    Refusal::now(format!("{host}: {words}"))
}

impl Answer {
    /// What follows from its status alone. The rest of the answer is repeated only where it holds none of these
    /// secrets.
    pub(crate) fn accepted(self, host: &str, secrets: &[String]) -> Result<Self, Refusal> {
        let status = self.status;
        if status.is_success() {
            return Ok(self);
        }
        let said = format!("{host} answers {}{}", status.as_u16(), self.said(secrets));
        Err(match status {
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Refusal::Now {
                    after: self.retry_after,
                    why: said,
                }
            }
            _ if status.is_server_error() => Refusal::Now {
                after: self.retry_after,
                why: said,
            },
            StatusCode::PAYLOAD_TOO_LARGE => Refusal::TooLarge(said),
            _ if status.is_redirection() => Refusal::Forever(format!(
                "{said}: it sends us elsewhere, where we don't follow; give the URL that it means"
            )),
            _ => Refusal::Forever(said),
        })
    }

    fn said(&self, secrets: &[String]) -> String {
        let start = &self.body[..self.body.len().min(2000)];
        let start = String::from_utf8_lossy(start);
        let tells = secrets.iter().any(|secret| start.contains(secret));
        let text = plain::line(&start, 200);
        let is_page = text.starts_with('<');
        match text.is_empty() || is_page || tells {
            true => String::new(),
            false => format!(": {text}"),
        }
    }
}

/// In seconds, or as a time by the server's own clock where that says its time, and by ours where not.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let rest = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => {
            let until = httpdate::parse_http_date(text).ok()?;
            let date = headers.get("date").and_then(|date| date.to_str().ok());
            let now = date.and_then(|date| httpdate::parse_http_date(date).ok());
            let now = now.unwrap_or_else(SystemTime::now);
            until.duration_since(now).unwrap_or_default()
        }
    };
    Some(rest.min(LONGEST_REST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(pairs: &[(&'static str, &str)]) -> Option<Duration> {
        let pairs = pairs.iter();
        retry_after(
            &pairs
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect(),
        )
    }

    #[test]
    fn how_long_to_wait_is_told_in_seconds_or_as_a_time() {
        let date = ("date", "Sun, 29 Nov 2026 10:00:00 GMT");
        for (value, seconds) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("999999999", Some(86_400)),
            ("Sun, 29 Nov 2026 10:01:30 GMT", Some(90)),
            ("Sun, 29 Nov 2026 09:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let rest = rest(&[date, ("retry-after", value)]);
            assert_eq!(rest, seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(rest(&[date]), None);
    }

    #[test]
    fn what_an_answer_says_is_repeated_unless_it_holds_a_secret_or_is_a_page() {
        let answer = |body: &str| Answer {
            status: StatusCode::BAD_REQUEST,
            retry_after: None,
            body: body.as_bytes().to_vec(),
        };
        let secrets = ["T0/B0/SECRET".to_owned()];
        let why = |body| {
            answer(body)
                .accepted("host", &secrets)
                .unwrap_err()
                .why()
                .to_owned()
        };
        assert_eq!(
            why("invalid\r\npayload"),
            "host answers 400: invalid payload"
        );
        assert_eq!(why("no route /T0/B0/SECRET"), "host answers 400");
        assert_eq!(why("<html>"), "host answers 400");
    }
}
