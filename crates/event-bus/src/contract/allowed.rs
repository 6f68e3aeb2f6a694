//! The subjects that the server must allow each service, as they follow from what is declared.

use super::{
    declaration::{Declaration, Kind, UNHEARD},
    rights::{Right, Service},
};

impl Declaration {
    /// What this service does with it.
    pub fn rights_of(&self, service: Service) -> &'static [Right] {
        let found = self.rights.iter().find(|(who, _)| *who == service);
        found.map_or(&[], |(_, rights)| rights)
    }

    /// Whether this service publishes there.
    pub fn is_written_by(&self, service: Service) -> bool {
        self.rights_of(service).contains(&Right::Write)
    }

    /// Whether this service reads there.
    pub fn is_read_by(&self, service: Service) -> bool {
        let mut rights = self.rights_of(service).iter();
        rights.any(|right| !matches!(right, Right::Write | Right::PutBack | Right::Discard))
    }

    /// A subject for each way of writing there, with `key` where a key stands.
    pub fn written(&self, key: &str) -> Vec<String> {
        let name = self.name;
        match self.kind {
            Kind::Events { subjects } => vec![subjects.replace(['*', '>'], key)],
            Kind::KeyValue => vec![format!("$KV.{name}.{key}")],
            Kind::Objects => vec![format!("$O.{name}.C.{key}"), format!("$O.{name}.M.{key}")],
        }
    }

    /// The subject on which its settings are changed.
    pub fn update(&self) -> String {
        format!("$JS.API.STREAM.UPDATE.{}", self.stream)
    }

    /// The subject on which messages are removed from it.
    pub fn purge(&self) -> String {
        format!("$JS.API.STREAM.PURGE.{}", self.stream)
    }

    /// The subjects on which this service must be allowed to publish for it, with `key` where a key stands.
    pub(super) fn published_by(&self, service: Service, key: &str) -> Vec<String> {
        let stream = self.stream;
        let mut subjects = Vec::new();
        if service.makes() {
            subjects.push("$JS.API.INFO".to_owned());
            subjects.push(format!("$JS.API.STREAM.INFO.{stream}"));
            subjects.push(format!("$JS.API.STREAM.CREATE.{stream}"));
        }
        if service.corrects() {
            subjects.push(self.update());
        }
        for right in self.rights_of(service) {
            subjects.extend(self.published_for(*right, key));
        }
        subjects
    }

    fn published_for(&self, right: Right, key: &str) -> Vec<String> {
        let stream = self.stream;
        let api = |rest: String| format!("$JS.API.{rest}");
        match right {
            // To replace an object its old chunks are asked for and removed.
            Right::Write if self.kind == Kind::Objects => {
                let mut subjects = self.written(key);
                subjects.extend(self.asked(key));
                subjects.push(self.purge());
                subjects
            }
            Right::Write => self.written(key),
            Right::Follow => [
                format!("STREAM.INFO.{stream}"),
                format!("CONSUMER.CREATE.{stream}"),
                format!("CONSUMER.CREATE.{stream}.{key}.{}", self.written(key)[0]),
                format!("CONSUMER.INFO.{stream}.{key}"),
                format!("CONSUMER.MSG.NEXT.{stream}.{key}"),
                format!("CONSUMER.DELETE.{stream}.{key}"),
            ]
            .map(api)
            .into(),
            Right::Share(consumer) => vec![
                api(format!("CONSUMER.INFO.{stream}.{consumer}")),
                api(format!("CONSUMER.CREATE.{stream}.{consumer}")),
                api(format!("CONSUMER.MSG.NEXT.{stream}.{consumer}")),
                format!("$JS.ACK.{stream}.{consumer}.1.1.1.1.1"),
            ],
            Right::Ask => self.asked(key),
            Right::Continue => vec![api(format!("STREAM.MSG.GET.{stream}"))],
            Right::AskForMany => vec![api(format!("DIRECT.GET.{stream}"))],
            Right::PutBack => {
                let subjects = self.written(key).into_iter();
                subjects
                    .map(|subject| format!("{UNHEARD}{subject}"))
                    .collect()
            }
            Right::Discard => vec![self.purge()],
            Right::Hear => Vec::new(),
        }
    }

    /// How single messages are asked for.
    fn asked(&self, key: &str) -> Vec<String> {
        let get = format!("$JS.API.DIRECT.GET.{}", self.stream);
        let written = self.written(key).into_iter();
        let mut subjects: Vec<_> = written.map(|subject| format!("{get}.{subject}")).collect();
        if self.kind == Kind::Objects {
            // The chunk that follows on another is asked for by the bare name.
            subjects.push(get);
            subjects.push(format!("$JS.API.STREAM.INFO.{}", self.stream));
        }
        subjects
    }
}
