//! A conversation with a mail server, step by step, so that what goes wrong can be told by its step.
//!
//! lettre's transport says of a list of addresses only that one of them was refused, and then sends to none of them. Here
//! those that the server takes are given the mail, whatever it says of the others.

use std::{path::Path, time::Duration};

use lettre::{
    Address,
    transport::smtp::{
        Error,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters},
        commands::{Data, Mail, Rcpt},
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use tokio::time::timeout;

use crate::{
    MailTls, ReceiverSpec, SpecError, fault,
    http::{Refusal, is_loopback},
    plain,
    secret::{self, SecretFile},
};

const GOODBYE: Duration = Duration::from_secs(1);

/// A mail server, and how to log in there.
pub(super) struct Server {
    host: String,
    port: u16,
    place: String,
    tls: MailTls,
    authority: Option<Certificate>,
    login: Option<(String, SecretFile)>,
    hello: ClientId,
}

/// The addressees of a mail: who has it, and why others have not.
#[derive(Debug, Default)]
pub(super) struct Addressees {
    pub(super) reached: Vec<Address>,
    /// What the server said of those who can be tried again.
    pub(super) later: Vec<String>,
    /// And of those who can't.
    pub(super) refused: Vec<String>,
}

impl Server {
    pub(super) fn of(spec: &ReceiverSpec, beside: &Path, domain: &str) -> Result<Self, SpecError> {
        let tls = spec.tls.unwrap_or_default();
        let (host, port) = address(spec.server.as_deref().unwrap_or_default(), tls)?;
        if tls == MailTls::None && !is_loopback(&format!("{host}:{port}")) {
            return Err(SpecError {
                setting: "tls",
                why: format!(
                    "{host} is another machine, and mails to it could be read on the way: leave tls out, or say \"none-anywhere\""
                ),
            });
        }
        let authority = spec.ca_file.as_deref();
        let authority = authority
            .map(|path| certificate(path, beside))
            .transpose()?;
        Ok(Server {
            place: format!("{host}:{port}"),
            host,
            port,
            tls,
            authority,
            login: login(spec, beside)?,
            hello: ClientId::Domain(domain.to_owned()),
        })
    }

    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// Sends a mail; fails where nobody has it then.
    pub(super) async fn send(
        &self,
        from: &Address,
        to: Vec<Address>,
        mail: &[u8],
    ) -> Result<Addressees, Refusal> {
        let mut connection = self.connect().await?;
        let sent = self.hand_over(&mut connection, from, to, mail).await;
        // What becomes of the mail is known by now. Some servers never answer this.
        drop(timeout(GOODBYE, connection.abort()).await);
        sent
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Refusal> {
        let implicit = match self.tls {
            MailTls::Implicit => Some(self.tls()?),
            _ => None,
        };
        let at = (self.host.as_str(), self.port);
        let connected = AsyncSmtpConnection::connect_tokio1(at, None, &self.hello, implicit, None);
        let connected = connected.await;
        let mut connection = connected.map_err(|error| self.refusal("the greeting", &error))?;
        if self.tls == MailTls::Starttls {
            if !connection.can_starttls() {
                return Err(Refusal::Forever(format!(
                    "{} offers no STARTTLS: is it tls = \"implicit\", on port 465?",
                    self.place
                )));
            }
            let upgraded = connection.starttls(self.tls()?, &self.hello).await;
            upgraded.map_err(|error| self.refusal("STARTTLS", &error))?;
        }
        if let Some((name, password)) = &self.login {
            let password = password.read().await.map_err(Refusal::now)?;
            let credentials = Credentials::new(name.clone(), password);
            let known = [Mechanism::Plain, Mechanism::Login];
            let shown = connection.auth(&known, &credentials).await;
            shown.map_err(|error| self.refusal("the login", &error))?;
        }
        Ok(connection)
    }

    fn tls(&self) -> Result<TlsParameters, Refusal> {
        let mut tls = TlsParameters::builder(self.host.clone());
        if let Some(authority) = &self.authority {
            tls = tls
                .certificate_store(CertificateStore::None)
                .add_root_certificate(authority.clone());
        }
        tls.build().map_err(|error| self.refusal("TLS", &error))
    }

    async fn hand_over(
        &self,
        connection: &mut AsyncSmtpConnection,
        from: &Address,
        to: Vec<Address>,
        mail: &[u8],
    ) -> Result<Addressees, Refusal> {
        let begun = Mail::new(
            Some(from.clone()),
            self.parameters(connection, from, &to, mail)?,
        );
        let begun = connection.command(begun).await;
        begun.map_err(|error| self.refusal("the sender", &error))?;
        let mut addressees = Addressees::default();
        for address in to {
            let taken = connection
                .command(Rcpt::new(address.clone(), Vec::new()))
                .await;
            let Err(error) = taken else {
                addressees.reached.push(address);
                continue;
            };
            match self.refusal(address.as_ref(), &error) {
                // It was no answer, so there will be none of the others either.
                refusal if error.status().is_none() => return Err(refusal),
                Refusal::Now { why, .. } => addressees.later.push(why),
                Refusal::TooLarge(why) | Refusal::Forever(why) => addressees.refused.push(why),
            }
        }
        if addressees.reached.is_empty() {
            return Err(addressees.nobody());
        }
        let ready = connection.command(Data).await;
        ready.map_err(|error| self.refusal("the mail", &error))?;
        let taken = connection.message(mail).await;
        taken.map_err(|error| self.refusal("the mail", &error))?;
        Ok(addressees)
    }
}

impl Server {
    fn parameters(
        &self,
        connection: &AsyncSmtpConnection,
        from: &Address,
        to: &[Address],
        mail: &[u8],
    ) -> Result<Vec<MailParameter>, Refusal> {
        let offers = |extension| connection.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        let addresses = to.iter().chain([from]);
        if addresses
            .into_iter()
            .any(|address| !AsRef::<str>::as_ref(address).is_ascii())
        {
            if !offers(Extension::SmtpUtfEight) {
                return Err(Refusal::Forever(format!(
                    "{} takes no addresses with letters beyond ASCII",
                    self.place
                )));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        if !mail.is_ascii() && offers(Extension::EightBitMime) {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// What follows from an error at a step: from the server's answer, or from having none.
    fn refusal(&self, step: &str, error: &Error) -> Refusal {
        let place = &self.place;
        let Some(code) = error.status().map(u16::from) else {
            return match error.is_client() {
                true => Refusal::Forever(format!("{place}, {step}: {}", cause(error))),
                false => Refusal::now(format!("{place}, {step}: {}", fault::words(error))),
            };
        };
        let said = plain::line(&cause(error), 200);
        let why = format!("{place} answers {code} to {step}: {said}");
        match code {
            552 => Refusal::TooLarge(why),
            530 | 534 | 535 => {
                Refusal::Forever(format!("{why} (are username and password right?)"))
            }
            500.. => Refusal::Forever(why),
            _ => Refusal::now(why),
        }
    }
}

impl Addressees {
    /// What follows where the server took no addressee.
    fn nobody(&self) -> Refusal {
        match (self.later.first(), self.refused.as_slice()) {
            (Some(why), _) => Refusal::now(why),
            (None, []) => Refusal::Forever("nobody is left to send it to".to_owned()),
            (None, refused) => Refusal::Forever(refused.join("; ")),
        }
    }
}

/// The cause as lettre gives it: in a refusal, what the server said.
fn cause(error: &Error) -> String {
    let cause = std::error::Error::source(error);
    cause.map_or_else(|| error.to_string(), ToString::to_string)
}

/// A host, and a port where that is not the usual one.
fn address(text: &str, tls: MailTls) -> Result<(String, u16), SpecError> {
    let usual = match tls {
        MailTls::Starttls => 587,
        MailTls::Implicit => 465,
        MailTls::None | MailTls::NoneAnywhere => 25,
    };
    let (host, port) = match text.rsplit_once(':') {
        // An address of IPv6 without brackets has colons of its own.
        Some((host, port)) if host.starts_with('[') || !host.contains(':') => {
            (host, port.parse().ok())
        }
        _ => (text, Some(usual)),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_host = !host.is_empty()
        && host
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    match (is_host, port) {
        (true, Some(port)) => Ok((host.to_owned(), port)),
        _ => Err(SpecError {
            setting: "server",
            why: "it names the mail server: server = \"mail.example.org\", or with a port, \"mail.example.org:2525\""
                .to_owned(),
        }),
    }
}

fn certificate(path: &Path, beside: &Path) -> Result<Certificate, SpecError> {
    let pem = secret::authority(path, beside)?;
    Certificate::from_pem(&pem).map_err(|error| SpecError {
        setting: "ca-file",
        why: fault::words(&error),
    })
}

fn login(spec: &ReceiverSpec, beside: &Path) -> Result<Option<(String, SecretFile)>, SpecError> {
    let needed = |setting, beside| {
        let why = format!("it is needed beside {beside}");
        Err(SpecError { setting, why })
    };
    match (&spec.username, &spec.password_file) {
        (None, None) => Ok(None),
        (Some(name), Some(path)) => {
            let password = SecretFile::of("password-file", path, beside)?;
            Ok(Some((name.clone(), password)))
        }
        (Some(_), None) => needed("password-file", "username"),
        (None, Some(_)) => needed("username", "password-file"),
    }
}
