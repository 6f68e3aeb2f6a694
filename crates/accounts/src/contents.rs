//! What stands in the users file: TOML, with a table for each user and each token.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::{Accounts, Token, User};

const HEAD: &str = "\
# Who may use Framewatch. `framewatch user` and `framewatch token` change this file; what else stands in it is lost then.
# A service that runs applies a change within seconds.

";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    #[serde(default)]
    user: Vec<Spanned<User>>,
    #[serde(default)]
    token: Vec<Spanned<Token>>,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    user: Vec<&'a User>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    token: Vec<&'a Token>,
}

/// What is wrong, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// From 1.
    pub(crate) line: usize,
    /// What the line sets, if it sets something.
    pub(crate) field: Option<String>,
    pub(crate) message: String,
}

pub(crate) fn read(text: &str) -> Result<Accounts, Fault> {
    let read: Read = toml::from_str(text)
        .map_err(|error| Fault::at(error.span(), text, error.message().to_owned()))?;
    let mut accounts = Accounts::default();
    for user in read.user {
        let (span, user) = (user.span(), user.into_inner());
        let name = user.name.clone();
        accounts
            .add_user(user)
            .map_err(|_| Fault::at(Some(span), text, format!("there is a second user {name}")))?;
    }
    for token in read.token {
        let (span, token) = (token.span(), token.into_inner());
        if accounts.tokens.contains_key(&token.id) {
            let message = format!("there is a second token {}", token.id);
            return Err(Fault::at(Some(span), text, message));
        }
        accounts.add_token(token);
    }
    Ok(accounts)
}

pub(crate) fn write(accounts: &Accounts) -> String {
    let written = Written {
        user: accounts.users().collect(),
        token: accounts.tokens().collect(),
    };
    let tables = toml::to_string(&written).expect("users and tokens are tables of strings");
    format!("{HEAD}{tables}")
}

impl Fault {
    /// Says which field a line sets, but never to what: that may be a secret.
    fn at(span: Option<Range<usize>>, text: &str, message: String) -> Self {
        let start = span.map_or(0, |span| span.start.min(text.len()));
        let before = &text.as_bytes()[..start];
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        let field = text.lines().nth(line - 1).and_then(|line| {
            let (field, _) = line.split_once('=')?;
            Some(field.trim().to_owned())
        });
        Fault {
            line,
            field,
            message,
        }
    }
}
