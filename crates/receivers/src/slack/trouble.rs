//! What Slack answers where something is wrong, and whether it may be over later. The words are those listed in the
//! documents of its methods.

use std::time::Duration;

use serde_json::Value;

use crate::{http::Refusal, plain};

/// A call that went wrong: Slack's own word for it, where it has one, and what follows.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: String,
    pub(super) refusal: Refusal,
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Failure {
            code: String::new(),
            refusal,
        }
    }
}

/// The meaning of an answer whose `ok` is not true.
pub(super) fn of_call(method: &str, answer: &Value, after: Option<Duration>) -> Failure {
    let code = answer["error"].as_str().unwrap_or_default();
    let code = plain::line(code, 60);
    let needed = answer["needed"]
        .as_str()
        .map(|needed| plain::line(needed, 60));
    let advice = match (code.as_str(), needed) {
        ("missing_scope", Some(scope)) => format!(" (the bot's app needs the scope {scope})"),
        (code, _) => advice(code).to_owned(),
    };
    let said = if code.is_empty() {
        "nothing that is known"
    } else {
        &code
    };
    let why = format!("Slack answers {said} to {method}{advice}");
    let refusal = match is_passing(&code) {
        true => Refusal::Now { after, why },
        false => Refusal::Forever(why),
    };
    Failure { code, refusal }
}

/// The refusal of a webhook, with advice where its words ask for it.
pub(super) fn of_webhook(refusal: Refusal) -> Refusal {
    let Refusal::Forever(why) = refusal else {
        return refusal;
    };
    let known = [
        "no_service",
        "no_active_hooks",
        "action_prohibited",
        "channel_is_archived",
    ];
    let advice = known
        .into_iter()
        .find(|word| why.contains(word))
        .map_or("", advice);
    Refusal::Forever(format!("{why}{advice}"))
}

fn is_passing(code: &str) -> bool {
    matches!(
        code,
        "" | "ratelimited"
            | "rate_limited"
            | "internal_error"
            | "fatal_error"
            | "service_unavailable"
            | "request_timeout"
            | "team_added_to_org"
    )
}

fn advice(code: &str) -> &'static str {
    match code {
        "channel_not_found" => {
            " (no such channel, or a private one that the bot is not in: name it by its id, and invite the bot)"
        }
        "not_in_channel" => " (invite the bot to the channel)",
        "is_archived" | "channel_is_archived" => " (the channel is archived)",
        "invalid_auth" | "not_authed" => " (is the token in token-file right?)",
        "token_revoked" | "token_expired" | "account_inactive" => {
            " (the token is of no use any more: make another)"
        }
        "no_service" | "no_active_hooks" => " (the webhook is there no more: make another)",
        "action_prohibited" | "restricted_action" => " (the workspace's rules forbid it)",
        _ => "",
    }
}
