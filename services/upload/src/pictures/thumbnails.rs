//! Small forms of pictures, made when somebody asks for one and kept in memory for the next who does.

use std::io::Cursor;

use bytes::Bytes;
use event_bus::{Exhibit, Folder};
use fast_image_resize::{FilterType, ResizeAlg, ResizeOptions, Resizer};
use fingerprint::{Encoded, Error, Limits};
use image::{DynamicImage, RgbImage, codecs::jpeg::JpegEncoder};
use quick_cache::{Weighter, sync::Cache};
use service_runtime::NotDone;
use time::OffsetDateTime;

use super::decoding::Decoding;
use crate::problem::{Kind, Problem};

/// Names the bytes of a picture: other bytes have another name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum PictureName {
    /// A reference or normal picture, by its folder and id.
    Image(Folder, String),
    /// A frame that is proposed as a normal picture, by its folder and id.
    Proposal(Folder, String),
    /// A picture behind an alert, by the alert's id.
    Evidence(String, Exhibit),
    /// A camera's frame, by its folder and the time of storing.
    Frame(Folder, OffsetDateTime),
}

/// The width of a small form, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Width(u32);

/// A small form in JPEG; `None` where the picture itself is to be sent: it is no wider, or cannot be decoded here, which
/// leaves it to the browser.
type Thumbnail = Option<Bytes>;

type Key = (PictureName, Width);

pub(crate) struct Thumbnails {
    decoding: Decoding,
    kept: Cache<Key, Thumbnail, Size>,
}

/// What all small forms in memory may take together, in bytes: those of 600 cameras at 640 pixels.
const KEPT_BYTES: u64 = 64 << 20;

const USUAL_BYTES: usize = 32 << 10;

const QUALITY: u8 = 80;

/// The tallest JPEG.
const MAX_HEIGHT: u32 = u16::MAX as u32;

impl Width {
    pub(crate) const ALL: [Width; 4] = [Width(160), Width(320), Width(640), Width(1280)];

    pub(crate) fn pixels(self) -> u32 {
        self.0
    }

    /// The width of this many pixels, as it stands in an address.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let width = Width::ALL
            .into_iter()
            .find(|width| width.to_string() == text);
        width.ok_or_else(|| {
            Kind::InvalidRequest.because(format!(
                "width is {text:?}; it must be 160, 320, 640 or 1280."
            ))
        })
    }
}

impl std::fmt::Display for Width {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Thumbnail> for Size {
    fn weight(&self, _: &Key, thumbnail: &Thumbnail) -> u64 {
        const ENTRY: u64 = 256;
        ENTRY + thumbnail.as_ref().map_or(0, |bytes| bytes.len() as u64)
    }
}

impl Thumbnails {
    pub(crate) fn new(decoding: Decoding) -> Self {
        let usual_count = KEPT_BYTES as usize / USUAL_BYTES;
        Thumbnails {
            decoding,
            kept: Cache::with_weighter(usual_count, KEPT_BYTES, Size),
        }
    }

    /// The small form of a picture whose bytes `read` gives. Of all who ask for the same at a time, one makes it.
    pub(crate) async fn of(
        &self,
        name: &PictureName,
        width: Width,
        read: impl Future<Output = Result<Bytes, Problem>>,
    ) -> Result<Thumbnail, Problem> {
        let key = (name.clone(), width);
        let make = async { Ok(self.make(read.await?, width).await) };
        self.kept.get_or_insert_async(&key, make).await
    }

    /// The small form of a picture, if it is kept.
    pub(crate) fn kept(&self, name: &PictureName, width: Width) -> Option<Thumbnail> {
        self.kept.get(&(name.clone(), width))
    }

    async fn make(&self, bytes: Bytes, width: Width) -> Thumbnail {
        let Width(width) = width;
        match self
            .decoding
            .run(move |limits| reduce(&bytes, limits, width))
            .await
        {
            Ok(Ok(thumbnail)) => thumbnail,
            Ok(Err(error)) => {
                tracing::debug!(%error, "a picture cannot be made smaller");
                None
            }
            Err(error @ NotDone::TooMuchMemory { .. }) => {
                tracing::debug!(%error, "a picture is not made smaller");
                None
            }
            Err(NotDone::Panicked(error)) => {
                tracing::error!(%error, "making a picture smaller panicked");
                None
            }
        }
    }
}

/// `Ok(None)` where the picture is no wider, or no JPEG can be made of it.
fn reduce(bytes: &[u8], limits: Limits, width: u32) -> Result<Thumbnail, Error> {
    let picture = Encoded::open(bytes, limits)?;
    if picture.size().0 <= width {
        return Ok(None);
    }
    // Reducing it makes it narrow first, or low where it is stored on its side.
    let (stored_width, stored_height) = picture.stored_size();
    let narrowed = 3 * u64::from(width) * u64::from(stored_width.max(stored_height));
    let source = DynamicImage::ImageRgb8(picture.rgb(narrowed)?);
    let reduced = shrink(&picture, &source, width).and_then(|small| encode(&small));
    Ok(reduced
        .inspect_err(|error| tracing::debug!(%error, "a picture cannot be made smaller"))
        .ok())
}

/// The picture upright and `width` wide; narrower only if it were too tall otherwise. `source` are its pixels as stored.
fn shrink(
    picture: &Encoded<'_>,
    source: &DynamicImage,
    width: u32,
) -> anyhow::Result<DynamicImage> {
    let (upright_width, upright_height) = picture.size();
    let scale = f64::min(
        f64::from(width) / f64::from(upright_width),
        f64::from(MAX_HEIGHT) / f64::from(upright_height),
    );
    let scaled = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    let (width, height) = (scaled(source.width()), scaled(source.height()));
    let mut small = DynamicImage::ImageRgb8(RgbImage::new(width, height));
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::CatmullRom));
    Resizer::new().resize(source, &mut small, &options)?;
    small.apply_orientation(picture.orientation());
    Ok(small)
}

fn encode(picture: &DynamicImage) -> anyhow::Result<Bytes> {
    let mut bytes = Cursor::new(Vec::new());
    JpegEncoder::new_with_quality(&mut bytes, QUALITY).encode_image(picture)?;
    Ok(bytes.into_inner().into())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use image::{ImageFormat, Rgb};
    use service_runtime::CpuPool;

    use super::*;

    fn thumbnails() -> Thumbnails {
        let queue = CpuPool::default().queue();
        Thumbnails::new(Decoding::new(Limits::default(), queue))
    }

    fn picture(width: u32, height: u32) -> Bytes {
        let picture = RgbImage::from_fn(width, height, |x, _| {
            Rgb([if x < width / 2 { 255 } else { 0 }, 0, 128])
        });
        let mut bytes = Cursor::new(Vec::new());
        let picture = DynamicImage::ImageRgb8(picture);
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner().into()
    }

    fn name(id: &str) -> PictureName {
        PictureName::Image("folder1".parse().unwrap(), id.to_owned())
    }

    #[tokio::test]
    async fn a_wide_picture_becomes_as_wide_as_asked() {
        let thumbnails = thumbnails();
        let read = async { Ok(picture(1000, 500)) };
        let made = thumbnails.of(&name("a"), Width(320), read).await.unwrap();
        let made = image::load_from_memory(&made.unwrap()).unwrap().into_rgb8();
        assert_eq!(made.dimensions(), (320, 160));
        assert!(made.get_pixel(10, 80).0[0] > 240, "red is left");
        assert!(made.get_pixel(310, 80).0[0] < 15, "black is right");
    }

    #[tokio::test]
    async fn what_is_no_wider_or_no_picture_is_left_as_it_is() {
        let thumbnails = thumbnails();
        for (id, bytes) in [
            ("small", picture(320, 10)),
            ("broken", picture(1000, 500).slice(..2000)),
            ("other", Bytes::from_static(b"<html>")),
        ] {
            let name = name(id);
            let made = thumbnails.of(&name, Width(320), async { Ok(bytes) });
            assert_eq!(made.await.unwrap(), None, "{id}");
        }
    }

    #[tokio::test]
    async fn a_very_tall_picture_becomes_narrower_still() {
        let thumbnails = thumbnails();
        let read = async { Ok(picture(200, 100_000)) };
        let made = thumbnails.of(&name("a"), Width(160), read).await.unwrap();
        let made = image::load_from_memory(&made.unwrap()).unwrap();
        assert_eq!((made.width(), made.height()), (131, 65_535));
    }

    #[tokio::test]
    async fn those_who_ask_at_the_same_time_share_one() {
        let thumbnails = thumbnails();
        let reads = AtomicUsize::new(0);
        let ask = async || {
            let read = async {
                reads.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
                Ok(picture(400, 300))
            };
            thumbnails.of(&name("a"), Width(160), read).await.unwrap()
        };
        let made = futures::future::join_all((0..50).map(|_| ask())).await;
        assert_eq!(reads.into_inner(), 1);
        assert!(made.iter().all(|one| *one == made[0] && one.is_some()));
    }

    #[tokio::test]
    async fn a_failure_to_read_is_not_kept() {
        let thumbnails = thumbnails();
        let failure = async { Err(Kind::Unavailable.because("NATS is away.")) };
        let asked = thumbnails.of(&name("a"), Width(160), failure).await;
        assert_eq!(asked.unwrap_err().kind, Kind::Unavailable);
        let read = async { Ok(picture(400, 300)) };
        let made = thumbnails.of(&name("a"), Width(160), read).await.unwrap();
        assert!(made.is_some());
    }

    #[test]
    fn other_widths_are_refused_by_name() {
        assert_eq!(Width::parse("640").unwrap(), Width(640));
        for text in ["", "0", "641", "-160", "0160", "wide"] {
            let problem = Width::parse(text).unwrap_err();
            assert!(problem.detail.contains("160, 320, 640 or 1280"), "{text}");
        }
    }
}
