//! Tokens: whom they let in and until when, and that nothing shows them.

use accounts::{Accounts, Note, Role, Token, TokenRefused};
use time::{Duration, OffsetDateTime};

#[test]
fn only_the_whole_token_lets_in_and_only_until_its_end() {
    let now = OffsetDateTime::now_utc();
    let issue = |role| Token::issue(role, now + Duration::HOUR, Note::default());
    let (viewer, admin) = (issue(Role::Viewer), issue(Role::Admin));
    let mut accounts = Accounts::default();
    accounts.add_token(viewer.token.clone());
    accounts.add_token(admin.token.clone());

    let presented = viewer.reveal();
    assert_eq!(accounts.admit(&presented, now), Ok(&viewer.token));
    let end = now + Duration::HOUR;
    assert_eq!(accounts.admit(&presented, end), Err(TokenRefused::Expired));

    let (head, secret) = presented.rsplit_once('_').unwrap();
    let (other_head, other_secret) = admin
        .reveal()
        .rsplit_once('_')
        .map(|(a, b)| (a.to_owned(), b.to_owned()))
        .unwrap();
    let flipped = match secret.strip_suffix('0') {
        Some(rest) => format!("{rest}1"),
        None => format!("{}0", &secret[..63]),
    };
    for bad in [
        String::new(),
        "fw_".to_owned(),
        "fw__".to_owned(),
        head.to_owned(),
        secret.to_owned(),
        format!("{head}_"),
        format!("{head}_{flipped}"),
        format!("{head}_{other_secret}"),
        format!("{other_head}_{secret}"),
        format!("{head}_{}", secret.to_uppercase()),
        format!("{presented} "),
        format!("{presented}0"),
        format!("{head}_{}", "ä".repeat(32)),
        "a".repeat(1_000_000),
        format!("{head}_{}", viewer.token.id),
    ] {
        assert_eq!(accounts.admit(&bad, now), Err(TokenRefused::Unknown));
        assert_eq!(
            accounts.admit(&bad, end),
            Err(TokenRefused::Unknown),
            "that it has expired is for its bearer"
        );
    }

    accounts.remove_token(&viewer.token.id).unwrap();
    assert_eq!(accounts.admit(&presented, now), Err(TokenRefused::Unknown));
}

#[test]
fn nothing_shows_a_secret_by_accident() {
    let issued = Token::issue(Role::Admin, OffsetDateTime::now_utc(), Note::default());
    let secret = issued.reveal()[16..].to_owned();
    assert_eq!(secret.len(), 64);
    assert!(!format!("{issued:?}").contains(&secret));
    let shown = format!("{:?}", crate::user("jo", Role::Viewer));
    assert!(!shown.contains("argon2"), "{shown}");
}

#[test]
fn notes_are_one_short_line() {
    assert!("a line".parse::<Note>().is_ok());
    assert!("two\nlines".parse::<Note>().is_err());
    assert!("x".repeat(201).parse::<Note>().is_err());
}
