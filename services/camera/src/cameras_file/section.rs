//! The settings of one camera.

use std::{
    fs,
    num::NonZero,
    ops::Range,
    path::{Path, PathBuf},
    time::Duration,
};

use camera_settings::{
    Address, CameraSource, CameraSpec, CertificatePin, FreezeWatch, Login, Transport,
    rules::{self, EVERY, MAX_PASSWORD},
};
use event_bus::Folder;
use strict_file::Faults;
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

use super::called;

const KEYS: &str = "source, folder, username, password-file, every, max-width, transport, fallback-snapshot, ca-file, \
                    pinned-certificate, watch-frozen";

/// The end of a line, too.
const MAX_PASSWORD_FILE: u64 = MAX_PASSWORD as u64 + 2;
const MAX_AUTHORITY: u64 = 1024 * 1024;

/// One camera's table, while it is read.
pub(super) struct Section<'a> {
    name: &'a str,
    /// Where its name stands.
    at: Range<usize>,
    beside: &'a Path,
    faults: &'a mut Faults,
    username: Option<String>,
    password: Option<String>,
}

type Value<'a, 'i> = &'a Spanned<DeValue<'i>>;

impl<'a> Section<'a> {
    /// The camera of this table; `None` where a fault was added that leaves nothing to be said of it.
    pub(super) fn read(
        name: &'a Spanned<DeString<'_>>,
        settings: Value<'a, '_>,
        beside: &'a Path,
        faults: &'a mut Faults,
    ) -> Option<CameraSpec> {
        let mut section = Section {
            name: name.get_ref(),
            at: name.span(),
            beside,
            faults,
            username: None,
            password: None,
        };
        let at = section.at.clone();
        let folder = section.name.parse::<Folder>();
        let folder = section.or_fault(&at, folder)?;
        let Some(table) = settings.get_ref().as_table() else {
            section.fault(&at, "a camera begins with a line like [camera.gate]");
            return None;
        };
        section.camera(folder, table)
    }

    fn camera(mut self, name: Folder, table: &DeTable<'_>) -> Option<CameraSpec> {
        let Some(source) = table.get("source") else {
            let at = self.at.clone();
            self.fault(
                &at,
                "its address is missing: source = \"rtsp://10.0.0.5/stream1\"",
            );
            return None;
        };
        let mut camera = CameraSpec::new(name, self.source(source)?);
        for (key, value) in table {
            self.set(&mut camera, key, value);
        }
        self.check(&mut camera);
        Some(camera)
    }

    fn set(
        &mut self,
        camera: &mut CameraSpec,
        key: &Spanned<DeString<'_>>,
        value: Value<'_, '_>,
    ) -> Option<()> {
        match key.get_ref().as_ref() {
            "source" => {}
            "folder" => {
                let folder = self.text(value)?.parse();
                camera.folder = self.or_fault(&value.span(), folder)?;
            }
            "username" => {
                let username = rules::username(self.text(value)?);
                self.username = Some(self.or_fault(&value.span(), username)?.to_owned());
            }
            "password-file" => self.password = Some(self.password(value)?),
            "every" => camera.every = self.every(value)?,
            "max-width" => camera.max_width = self.width(value)?,
            "transport" => camera.transport = self.transport(value)?,
            "fallback-snapshot" => camera.fallback_snapshot = Some(self.snapshot(value)?),
            "ca-file" => camera.authority = Some(self.file(value, MAX_AUTHORITY)?.into_bytes()),
            "pinned-certificate" => camera.pin = Some(self.pin(value)?),
            "watch-frozen" => camera.freeze_watch = self.freeze_watch(value)?,
            "password" => self.fault(
                &key.span(),
                "a password does not stand here: write it into a file of its own, and password-file = \"…\" with the path",
            ),
            _ => self.fault(&key.span(), format!("this is no setting; there are {KEYS}")),
        }
        Some(())
    }

    /// Checks the settings that depend on each other.
    fn check(&mut self, camera: &mut CameraSpec) {
        let at = self.at.clone();
        match (self.username.take(), self.password.take()) {
            (Some(username), Some(password)) => {
                camera.login = Some(Login::new(username, password));
            }
            (Some(_), None) => self.fault(&at, "beside username it needs password-file = \"…\""),
            (None, Some(_)) => self.fault(&at, "beside password-file it needs username = \"…\""),
            (None, None) => {}
        }
        if camera.source.address().is_none()
            && (camera.login.is_some() || camera.authority.is_some())
        {
            self.fault(
                &at,
                "username, password-file and ca-file are for cameras at rtsp://, rtsps://, http:// or https://",
            );
        }
        let together = rules::together(camera, "fallback-snapshot", "pinned-certificate");
        self.or_fault(&at, together);
        if camera.pin.is_some() && camera.authority.is_some() {
            self.fault(
                &at,
                "it has ca-file or pinned-certificate, and not both: with a pinned certificate nobody need have signed it",
            );
        }
    }

    fn source(&mut self, value: Value<'_, '_>) -> Option<CameraSource> {
        let source = CameraSource::parse(self.text(value)?);
        let source = source.map(|source| match source {
            CameraSource::Folder(dir) => CameraSource::Folder(self.beside.join(dir)),
            other => other,
        });
        self.or_fault(&value.span(), source)
    }

    fn snapshot(&mut self, value: Value<'_, '_>) -> Option<Address> {
        let snapshot = rules::snapshot(self.text(value)?);
        self.or_fault(&value.span(), snapshot)
    }

    fn pin(&mut self, value: Value<'_, '_>) -> Option<CertificatePin> {
        let pin = self.text(value)?.parse();
        self.or_fault(&value.span(), pin)
    }

    fn every(&mut self, value: Value<'_, '_>) -> Option<Duration> {
        let every = value.get_ref().as_str().map(humantime::parse_duration);
        match every {
            Some(Ok(every)) if EVERY.contains(&every) => Some(every),
            _ => {
                self.fault(
                    &value.span(),
                    "every is a time from \"100ms\" to \"1h\", as in \"2s\"",
                );
                None
            }
        }
    }

    fn width(&mut self, value: Value<'_, '_>) -> Option<NonZero<u16>> {
        let digits = value.get_ref().as_integer();
        let pixels = digits.and_then(|number| number.as_str().parse().ok());
        let width = rules::width("max-width", pixels.unwrap_or_default());
        self.or_fault(&value.span(), width)
    }

    fn transport(&mut self, value: Value<'_, '_>) -> Option<Transport> {
        match value.get_ref().as_str() {
            Some("tcp") => Some(Transport::Tcp),
            Some("udp") => Some(Transport::Udp),
            _ => {
                self.fault(&value.span(), "transport is \"tcp\" or \"udp\"");
                None
            }
        }
    }

    fn freeze_watch(&mut self, value: Value<'_, '_>) -> Option<FreezeWatch> {
        match value.get_ref().as_bool() {
            Some(true) => Some(FreezeWatch::On),
            Some(false) => Some(FreezeWatch::Off),
            None => {
                self.fault(&value.span(), "watch-frozen is true or false");
                None
            }
        }
    }

    fn password(&mut self, value: Value<'_, '_>) -> Option<String> {
        let text = self.file(value, MAX_PASSWORD_FILE)?;
        let Ok(password) = rules::password(text.trim_end_matches(['\r', '\n'])) else {
            self.fault(
                &value.span(),
                "its password-file holds a password in one line, and nothing else",
            );
            return None;
        };
        Some(password.to_owned())
    }

    fn file(&mut self, value: Value<'_, '_>, max_bytes: u64) -> Option<String> {
        let path: PathBuf = self.beside.join(self.text(value)?);
        let read = match fs::metadata(&path) {
            Ok(found) if found.len() > max_bytes => {
                Err(format!("it has more than {max_bytes} bytes"))
            }
            Ok(_) => fs::read_to_string(&path).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let read = read.map_err(|error| format!("cannot read {}: {error}", path.display()));
        self.or_fault(&value.span(), read)
    }

    fn text<'v>(&mut self, value: Value<'v, '_>) -> Option<&'v str> {
        let text = value.get_ref().as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            self.fault(&value.span(), "this is a text in quotes");
        }
        text
    }

    fn or_fault<T, E: ToString>(&mut self, at: &Range<usize>, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(read) => Some(read),
            Err(error) => {
                self.fault(at, error.to_string());
                None
            }
        }
    }

    fn fault(&mut self, at: &Range<usize>, message: impl Into<String>) {
        let camera = called(self.name);
        self.faults.add(at.clone(), Some(&camera), message);
    }
}
