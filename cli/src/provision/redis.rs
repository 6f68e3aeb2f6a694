//! Users of Redis: the hashes of their passwords.

use anyhow::anyhow;
use service_runtime::Failure;

use super::folder::SecretsFolder;

/// Puts the hashes of passwords, which Redis wants to be SHA-256, into the list of its users.
pub(super) fn provision(folder: &SecretsFolder, template: &str) -> Result<(), Failure> {
    let mut users = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (user, after) = after.split_once("}}").ok_or_else(|| {
            Failure::Usage(anyhow!(
                "the list of Redis' users has a {{{{ without its }}}}"
            ))
        })?;
        if user.is_empty() || !user.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Failure::Usage(anyhow!(
                "{user:?} in the list of Redis' users is no name"
            )));
        }
        let password = folder.password(&format!("redis-{user}"))?;
        users = users + before + password.secret.digest().as_str();
        rest = after;
    }
    folder.update("redis/users.acl", &(users + rest))
}
