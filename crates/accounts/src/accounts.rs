//! Who may come in: users and tokens, and changes of them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::{PasswordHash, Role, Token, TokenId, UserName, token};

/// Everybody who may come in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accounts {
    pub(crate) users: BTreeMap<UserName, User>,
    pub(crate) tokens: BTreeMap<TokenId, Token>,
}

/// Somebody who logs in by name and password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// By which they log in.
    pub name: UserName,
    /// What they may do.
    pub role: Role,
    /// What is kept of their password.
    pub password: PasswordHash,
}

/// A change that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The name is taken.
    #[error(
        "there is a user {0} already; `framewatch user password` and `framewatch user role` change one"
    )]
    UserExists(UserName),
    /// Nobody has this name.
    #[error("there is no user {0}; `framewatch user list` shows those that there are")]
    NoSuchUser(UserName),
    /// No token has this id.
    #[error("there is no token {0}; `framewatch token list` shows those that there are")]
    NoSuchToken(TokenId),
}

/// Why a token does not let its bearer in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefused {
    /// It is none of ours, or no longer.
    #[error("the token is not known here")]
    Unknown,
    /// It was one of ours.
    #[error("the token has expired")]
    Expired,
}

impl Accounts {
    /// The user of this name.
    pub fn user(&self, name: &UserName) -> Option<&User> {
        self.users.get(name)
    }

    /// All users, by name.
    pub fn users(&self) -> impl ExactSizeIterator<Item = &User> {
        self.users.values()
    }

    /// All tokens, by id.
    pub fn tokens(&self) -> impl ExactSizeIterator<Item = &Token> {
        self.tokens.values()
    }

    /// The token of this id.
    pub fn token(&self, id: &TokenId) -> Option<&Token> {
        self.tokens.get(id)
    }

    /// The token that somebody presents. That it has expired is said only to who has its secret.
    pub fn admit(&self, presented: &str, now: OffsetDateTime) -> Result<&Token, TokenRefused> {
        let (id, secret) = token::parts(presented).ok_or(TokenRefused::Unknown)?;
        let known = self.tokens.get(&id).ok_or(TokenRefused::Unknown)?;
        if known.digest != secret.digest() {
            return Err(TokenRefused::Unknown);
        }
        if known.expires <= now {
            return Err(TokenRefused::Expired);
        }
        Ok(known)
    }

    /// Adds a user with a name that is not taken.
    pub fn add_user(&mut self, user: User) -> Result<(), ChangeError> {
        if self.users.contains_key(&user.name) {
            return Err(ChangeError::UserExists(user.name));
        }
        self.users.insert(user.name.clone(), user);
        Ok(())
    }

    /// Removes a user.
    pub fn remove_user(&mut self, name: &UserName) -> Result<(), ChangeError> {
        match self.users.remove(name) {
            Some(_) => Ok(()),
            None => Err(ChangeError::NoSuchUser(name.clone())),
        }
    }

    /// Gives a user another password.
    pub fn set_password(
        &mut self,
        name: &UserName,
        password: PasswordHash,
    ) -> Result<(), ChangeError> {
        self.user_mut(name)?.password = password;
        Ok(())
    }

    /// Gives a user another role.
    pub fn set_role(&mut self, name: &UserName, role: Role) -> Result<(), ChangeError> {
        self.user_mut(name)?.role = role;
        Ok(())
    }

    /// Adds a token; an id is too long for two to be alike by chance.
    pub fn add_token(&mut self, token: Token) {
        self.tokens.insert(token.id.clone(), token);
    }

    /// Removes a token.
    pub fn remove_token(&mut self, id: &TokenId) -> Result<(), ChangeError> {
        match self.tokens.remove(id) {
            Some(_) => Ok(()),
            None => Err(ChangeError::NoSuchToken(id.clone())),
        }
    }

    fn user_mut(&mut self, name: &UserName) -> Result<&mut User, ChangeError> {
        self.users
            .get_mut(name)
            .ok_or_else(|| ChangeError::NoSuchUser(name.clone()))
    }
}
