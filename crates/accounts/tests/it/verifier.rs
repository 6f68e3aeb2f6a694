//! Passwords: which fit, and what becomes of too many at once.

use accounts::{InvalidPassword, Overloaded, Password, Verifier};

use crate::hash;

const GOOD: &str = "correct horse battery";

#[tokio::test]
async fn only_the_password_fits_and_nobody_has_none() {
    let verifier = Verifier::new(2);
    let hash = hash(GOOD);
    let says = async |hash, password: &str| verifier.verify(hash, password.to_owned()).await;
    assert_eq!(says(Some(&hash), GOOD).await, Ok(true));
    for bad in [
        "",
        "correct horse batterY",
        &format!("{GOOD}\0"),
        &"x".repeat(2000),
    ] {
        assert_eq!(says(Some(&hash), bad).await, Ok(false));
    }
    assert_eq!(says(None, GOOD).await, Ok(false));
}

#[tokio::test(start_paused = true)]
async fn whoever_would_wait_too_long_is_told_so() {
    let nobody_is_served = Verifier::new(0);
    let told = nobody_is_served.verify(None, GOOD.to_owned()).await;
    assert_eq!(told, Err(Overloaded));
    let beside = nobody_is_served.beside(1);
    let told = beside.verify(None, GOOD.to_owned()).await;
    assert_eq!(told, Ok(false));
}

#[test]
fn the_same_password_has_another_hash_each_time_and_a_mark_of_its_own() {
    let (one, two) = (hash(GOOD), hash(GOOD));
    assert_ne!(one, two);
    assert_ne!(one.mark(), two.mark());
    assert_eq!(one.mark(), one.clone().mark());
}

#[test]
fn a_password_is_long_enough_and_not_too_long() {
    let refused = |text: &str| Password::new(text.to_owned()).err();
    assert_eq!(refused("elf signs.."), Some(InvalidPassword::TooShort));
    assert_eq!(refused("twelve signs"), None);
    assert_eq!(refused(&"ä".repeat(12)), None);
    assert_eq!(refused(&"x".repeat(1025)), Some(InvalidPassword::TooLong));
}
