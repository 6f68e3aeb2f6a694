//! From text to a camera's specification.

use std::path::PathBuf;

use super::{CameraSpec, Play, Repeat, SourceSpec, SpecError};
use crate::incident::Incident;
use crate::size::Size;

pub(super) const DEFAULT_RATE: f64 = 1.0;

const PATH: &str = "the path of a file or folder";
const DRAWN: &str = "drawn sources";
const PICTURES: &str = "pictures sources";
const PICTURES_AND_VIDEO: &str = "pictures and video sources";

/// The keys as given; none for what is not.
#[derive(Default)]
struct Keys<'a> {
    name: Option<&'a str>,
    rate: Option<&'a str>,
    size: Option<&'a str>,
    quality: Option<&'a str>,
    seed: Option<&'a str>,
    order: Option<&'a str>,
    repeat: Option<&'a str>,
    watch: Option<&'a str>,
    incidents: Vec<&'a str>,
}

pub(super) fn camera(text: &str) -> Result<CameraSpec, SpecError> {
    let (folder, rest) = text
        .trim()
        .split_once('=')
        .ok_or_else(|| SpecError::Form(text.to_owned()))?;
    let mut parts = rest.split(',').map(str::trim);
    let source = parts.next().unwrap_or_default();
    let keys = Keys::gather(parts)?;
    let source = keys.source(source)?;
    let drawn = matches!(source, SourceSpec::Drawn { .. });
    Ok(CameraSpec {
        folder: folder.parse()?,
        name: name_of(keys.name.unwrap_or(folder))?,
        rate: keys.rate.map_or(Ok(DEFAULT_RATE), rate_of)?,
        size: keys.size.map(size_of).transpose()?,
        quality: keys.quality.map(quality_of).transpose()?,
        incidents: keys
            .incidents
            .iter()
            .map(|incident| incident_of(incident, drawn))
            .collect::<Result<_, _>>()?,
        source,
    })
}

impl<'a> Keys<'a> {
    fn gather(parts: impl Iterator<Item = &'a str>) -> Result<Self, SpecError> {
        let mut keys = Self::default();
        for part in parts {
            let (key, value) = part.split_once('=').unwrap_or((part, ""));
            let place = match key {
                "incident" => {
                    keys.incidents.push(value);
                    continue;
                }
                "name" => &mut keys.name,
                "rate" => &mut keys.rate,
                "size" => &mut keys.size,
                "quality" => &mut keys.quality,
                "seed" => &mut keys.seed,
                "order" => &mut keys.order,
                "repeat" => &mut keys.repeat,
                "watch" => &mut keys.watch,
                _ => return Err(SpecError::UnknownKey(key.to_owned())),
            };
            if place.replace(value).is_some() {
                return Err(SpecError::Repeated(key.to_owned()));
            }
        }
        Ok(keys)
    }

    fn source(&self, text: &str) -> Result<SourceSpec, SpecError> {
        let unknown = || SpecError::Source(text.to_owned());
        let (kind, what) = text.split_once(':').ok_or_else(unknown)?;
        match kind {
            "drawn" => {
                self.refuse("drawn", &["order", "repeat", "watch"])?;
                let seed = self.seed.map_or(Ok(0), seed_of)?;
                Ok(SourceSpec::Drawn {
                    scene: what.parse()?,
                    seed,
                })
            }
            "pictures" => {
                self.refuse("pictures", &["seed"])?;
                Ok(SourceSpec::Pictures {
                    dir: path_of("pictures", what)?,
                    play: self.play()?,
                })
            }
            "video" => {
                self.refuse("video", &["seed", "order", "watch"])?;
                Ok(SourceSpec::Video {
                    file: path_of("video", what)?,
                    repeat: self.repeat()?,
                })
            }
            _ => Err(unknown()),
        }
    }

    /// Keys that mean nothing for the source are mistakes, not to be passed over.
    fn refuse(&self, source_kind: &'static str, keys: &[&'static str]) -> Result<(), SpecError> {
        let given = [
            ("seed", self.seed, DRAWN),
            ("order", self.order, PICTURES),
            ("repeat", self.repeat, PICTURES_AND_VIDEO),
            ("watch", self.watch, PICTURES),
        ];
        match given
            .into_iter()
            .find(|(key, value, _)| value.is_some() && keys.contains(key))
        {
            Some((key, _, applies_to)) => Err(SpecError::NotForSource {
                key,
                source_kind,
                applies_to,
            }),
            None => Ok(()),
        }
    }

    fn play(&self) -> Result<Play, SpecError> {
        if let Some(value) = self.watch {
            if !value.is_empty() {
                return Err(refused("watch", value, "it takes no value"));
            }
            return match (self.order, self.repeat) {
                (Some(_), _) => Err(SpecError::WithWatch("order")),
                (_, Some(_)) => Err(SpecError::WithWatch("repeat")),
                _ => Ok(Play::Watch),
            };
        }
        match self.order.unwrap_or("sorted") {
            "sorted" => Ok(Play::Sorted(self.repeat()?)),
            "newest" => Ok(Play::Newest(self.repeat()?)),
            other => Err(refused("order", other, "sorted or newest")),
        }
    }

    fn repeat(&self) -> Result<Repeat, SpecError> {
        match self.repeat.unwrap_or("loop") {
            "loop" => Ok(Repeat::Loop),
            "once" => Ok(Repeat::Once),
            other => Err(refused("repeat", other, "loop or once")),
        }
    }
}

fn refused(key: &'static str, value: &str, allowed: &'static str) -> SpecError {
    SpecError::Value {
        key,
        value: value.to_owned(),
        allowed,
    }
}

fn name_of(text: &str) -> Result<String, SpecError> {
    let printable = text.chars().all(|c| c.is_ascii_graphic() || c == ' ');
    if printable && (1..=64).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(refused(
            "name",
            text,
            "1 to 64 printable ASCII characters, no comma",
        ))
    }
}

fn rate_of(text: &str) -> Result<f64, SpecError> {
    text.parse()
        .ok()
        .filter(|rate| (0.01..=120.0).contains(rate))
        .ok_or_else(|| refused("rate", text, "frames a second, 0.01 to 120"))
}

fn size_of(text: &str) -> Result<Size, SpecError> {
    text.parse().map_err(|_| {
        refused(
            "size",
            text,
            "WIDTHxHEIGHT in pixels, each from 16 to 4096, such as 1280x720",
        )
    })
}

fn quality_of(text: &str) -> Result<u8, SpecError> {
    text.parse()
        .ok()
        .filter(|quality| (1..=100).contains(quality))
        .ok_or_else(|| refused("quality", text, "a whole number from 1 to 100"))
}

fn seed_of(text: &str) -> Result<u64, SpecError> {
    text.parse()
        .map_err(|_| refused("seed", text, "a whole number from 0 to 2^64-1"))
}

fn path_of(key: &'static str, text: &str) -> Result<PathBuf, SpecError> {
    if text.is_empty() {
        Err(refused(key, text, PATH))
    } else {
        Ok(text.into())
    }
}

fn incident_of(text: &str, drawn: bool) -> Result<Incident, SpecError> {
    let incident: Incident = text.parse().map_err(|source| SpecError::Incident {
        value: text.to_owned(),
        source,
    })?;
    if incident.kind.needs_drawn_scene() && !drawn {
        return Err(SpecError::NeedsDrawnScene(text.to_owned()));
    }
    Ok(incident)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip() {
        for text in [
            "folder1=drawn:dock",
            "folder2=drawn:shelf,seed=7,name=Aisle 3,rate=0.5,size=640x480,quality=70,incident=covered@20s+15s/2m",
            "a=pictures:/srv/pictures,repeat=once",
            "a=pictures:/srv/pictures,order=newest",
            "a=pictures:/srv/pictures,watch",
            "b-1=video:clip.mp4,repeat=once,rate=5,incident=dark@1s+2s,incident=frozen@5s+2s",
        ] {
            assert_eq!(camera(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_given_has_its_default() {
        let spec = camera("folder1=drawn:panel").unwrap();
        assert_eq!((spec.name.as_str(), spec.rate), ("folder1", 1.0));
        assert_eq!((spec.size, spec.quality), (None, None));
    }

    #[test]
    fn errors_name_the_key_the_value_and_what_is_allowed() {
        let cases = [
            ("folder1", "write FOLDER=SOURCE"),
            (
                "Folder=drawn:dock",
                "\"Folder\" is not a folder name: 1 to 64",
            ),
            ("a.b=drawn:dock", "\"a.b\" is not a folder name"),
            (
                "a=rtsp:x",
                "source \"rtsp:x\" is not known: drawn:SCENE, pictures:DIR and video:FILE are",
            ),
            ("a=drawn:moon", "no scene \"moon\": dock, shelf"),
            ("a=video:", "video=\"\" is not allowed: the path"),
            ("a=drawn:dock,fps=2", "key \"fps\" is not known: name, rate"),
            ("a=drawn:dock,rate=1,rate=2", "key \"rate\" is given twice"),
            (
                "a=drawn:dock,rate=0",
                "rate=\"0\" is not allowed: frames a second, 0.01 to 120",
            ),
            ("a=drawn:dock,rate=NaN", "rate=\"NaN\" is not allowed"),
            (
                "a=drawn:dock,size=1280",
                "size=\"1280\" is not allowed: WIDTHxHEIGHT",
            ),
            (
                "a=drawn:dock,quality=101",
                "quality=\"101\" is not allowed: a whole number from 1",
            ),
            ("a=drawn:dock,seed=-1", "seed=\"-1\" is not allowed"),
            (
                "a=drawn:dock,repeat=once",
                "key \"repeat\" does not apply to a drawn source: it is for pictures and",
            ),
            (
                "a=pictures:x,order=random",
                "order=\"random\" is not allowed: sorted or newest",
            ),
            (
                "a=pictures:x,watch,order=newest",
                "keys \"watch\" and \"order\" exclude each other",
            ),
            (
                "a=pictures:x,watch=1",
                "watch=\"1\" is not allowed: it takes no value",
            ),
            (
                "a=video:x,incident=object-added@1s+1s",
                "needs a drawn scene",
            ),
            (
                "a=video:x,incident=dark@1s",
                "incident=\"dark@1s\" is not allowed: an incident is KIND@",
            ),
        ];
        for (text, expected) in cases {
            let error = camera(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        let text = "# cameras\n\nfolder1=drawn:dock\n  folder2=drawn:moon\n";
        let error = CameraSpec::parse_lines(text).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("line 4, \"folder2=drawn:moon\": "),
            "{error}"
        );
        assert_eq!(
            CameraSpec::parse_lines("a=drawn:dock\n#b").unwrap().len(),
            1
        );
    }
}
