//! Requests to a camera, with the login that it asks for.

use camera_settings::{Address, CameraSpec, Login, Reach};
use http_auth::{PasswordClient, PasswordParams};
use reqwest::{
    Client, Response, StatusCode,
    header::{AUTHORIZATION, HeaderMap, HeaderValue, LOCATION, WWW_AUTHENTICATE},
    redirect::Policy,
};
use tokio::time::timeout;

use super::body::{Body, said};
use crate::{
    Outage,
    deadlines::{SILENCE, STEP},
    outage::HasLogin,
    resolving::resolve,
    tls,
};

/// A camera may say that what it was shown has grown old, and be shown something fresh; so often, and no more.
const MOST_CHALLENGES: u32 = 2;

/// A camera, and how it wants to be shown a login.
pub(super) struct Connection {
    client: Client,
    address: Address,
    login: Option<Login>,
    /// What it asked for last.
    challenge: Option<PasswordClient>,
}

impl Connection {
    pub(super) async fn open(spec: &CameraSpec, address: &Address) -> Result<Self, Outage> {
        let mut client = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(STEP)
            .read_timeout(SILENCE)
            .pool_max_idle_per_host(1)
            .http1_only();
        if let Some(pem) = &spec.authority {
            let authorities = reqwest::Certificate::from_pem_bundle(pem);
            let authorities = authorities.map_err(|_| {
                Outage::refused("ca-file holds no certificate (PEM) that can be used")
            })?;
            client = client.tls_certs_only(authorities);
        }
        if let Some(pin) = spec.pin {
            client = client.tls_backend_preconfigured(tls::only(pin)?);
        }
        if let Reach::Within(_) = spec.reach {
            // What its name stands for is looked up once for the connection and all that follow it.
            let places = resolve(address, &spec.reach).await?;
            client = client.resolve_to_addrs(address.host_and_port().0, &places);
        }
        let client = client.build();
        Ok(Connection {
            client: client.map_err(|error| Outage::silent(said(&error)))?,
            address: address.clone(),
            login: spec.login.clone(),
            challenge: None,
        })
    }

    /// Asks once; and again where the camera wants to be shown the login, or something fresher.
    pub(super) async fn get(&mut self) -> Result<Body, Outage> {
        let mut challenges = 0;
        loop {
            let response = timeout(STEP, self.ask()?)
                .await
                .map_err(|_| {
                    Outage::silent(format!("{} does not answer within {STEP:?}", self.address))
                })?
                .map_err(|error| Outage::silent(said(&error)))?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return self.accept(response);
            }
            if self.login.is_none() {
                return Err(Outage::login(HasLogin::No));
            }
            let was_shown = self.challenge.is_some();
            let asked = challenge(response.headers());
            let is_stale = matches!(&asked, Some(PasswordClient::Digest(digest)) if digest.stale());
            self.challenge = asked;
            challenges += 1;
            if self.challenge.is_none()
                || challenges > MOST_CHALLENGES
                || (was_shown && !is_stale && challenges > 1)
            {
                self.challenge = None;
                return Err(Outage::login(HasLogin::Yes));
            }
        }
    }

    fn ask(&mut self) -> Result<impl Future<Output = reqwest::Result<Response>> + use<>, Outage> {
        let mut request = self.client.get(self.address.url().clone());
        if let (Some(login), Some(challenge)) = (&self.login, &mut self.challenge) {
            let shown = challenge.respond(&PasswordParams {
                username: &login.username,
                password: login.reveal(),
                uri: self.address.path_and_query(),
                method: "GET",
                body: Some(&[]),
            });
            let shown = shown.ok().and_then(|text| HeaderValue::try_from(text).ok());
            let mut shown = shown.ok_or_else(|| {
                Outage::refused("the camera asks for a login of a kind that is not known")
            })?;
            shown.set_sensitive(true);
            request = request.header(AUTHORIZATION, shown);
        }
        Ok(request.send())
    }

    fn accept(&self, response: Response) -> Result<Body, Outage> {
        let status = response.status();
        if status.is_success() {
            return Ok(Body::new(response));
        }
        let code = status.as_u16();
        if status.is_redirection() {
            let place = response
                .headers()
                .get(LOCATION)
                .and_then(|at| at.to_str().ok());
            let place = place.and_then(|at| Address::parse(at).ok());
            let place = place.map_or_else(String::new, |at| format!(", to {at}"));
            return Err(Outage::refused(format!(
                "the camera sends us elsewhere ({code}{place}): set source to where its pictures are"
            )));
        }
        Err(match code {
            403 => Outage::refused(
                "the camera lets this user not see pictures (403): give it the right in the camera",
            ),
            404 => Outage::refused("the camera has nothing at this path (404): check the URL"),
            400..500 => Outage::refused(format!("the camera refuses what is asked for ({code})")),
            _ => Outage::silent(format!("the camera is in trouble: it answers {code}")),
        })
    }
}

/// Digest where it is offered, else Basic.
fn challenge(headers: &HeaderMap) -> Option<PasswordClient> {
    let offered = headers.get_all(WWW_AUTHENTICATE).into_iter();
    let offered = offered.filter_map(|value| value.to_str().ok());
    let builder = offered.fold(PasswordClient::builder(), |builder, text| {
        builder.challenges(text)
    });
    builder.build().ok()
}
