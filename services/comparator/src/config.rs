//! The settings of comparing. Those of the process and of NATS are left to `service-runtime` and `event-bus`.

use alerting::EvidenceLimits;
use clap::Args;
use looks::ModelConfig;
use time::Duration;

use crate::proposals::Pace;

use crate::ShadowConfig;

const FRAME_KEPT_AFTER: std::time::Duration = std::time::Duration::from_secs(60);

pub(crate) const MOST_UNMADE: u32 = 1000;

/// The comparator's settings.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Comparing")]
#[group(skip)]
pub struct Config {
    /// The largest frame, in megapixels
    #[arg(long, env = "FRAMEWATCH_MAX_FRAME_MEGAPIXELS", default_value_t = 100, value_name = "MEGAPIXELS",
          value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub max_frame_megapixels: u32,

    /// How large the evidence of all alerts may grow; above, the oldest picture goes of the folder that has most
    #[arg(
        long,
        env = "FRAMEWATCH_EVIDENCE_MAX_GB",
        default_value_t = 20,
        value_name = "GIGABYTES"
    )]
    pub evidence_max_gb: u32,

    /// How large the evidence of one folder's alerts may grow; above, the folder's oldest picture goes
    #[arg(
        long,
        env = "FRAMEWATCH_EVIDENCE_FOLDER_MAX_MB",
        default_value_t = 500,
        value_name = "MEGABYTES",
        value_parser = clap::value_parser!(u32).range(10..)
    )]
    pub evidence_folder_max_mb: u32,

    /// Of how many alerts of one folder pictures are kept within an hour, by each comparator; of further ones none is, and they say so
    #[arg(
        long,
        env = "FRAMEWATCH_EVIDENCE_PER_HOUR",
        default_value_t = 60,
        value_name = "COUNT"
    )]
    pub evidence_per_hour: u32,

    /// The memory for what the network has seen of references and normal pictures, in megabytes: 80 KB a picture by the measure view, 325 KB by parts
    #[arg(
        long,
        env = "FRAMEWATCH_LOOKS_MAX_MB",
        default_value_t = 256,
        value_name = "MEGABYTES"
    )]
    pub looks_max_mb: u32,

    /// Over how long the frames are spread that are proposed as normal pictures, in seconds: one is proposed if a twenty-fourth of
    /// it, an hour of a day, was quiet before and after it; 0: none are proposed
    #[arg(
        long,
        env = "FRAMEWATCH_LEARNING_DAY_S",
        default_value_t = 86_400,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(..=864_000)
    )]
    pub learning_day_s: u32,

    /// How long cameras are given to connect again after NATS was away, in seconds: until then their silence does not count
    #[arg(
        long,
        env = "FRAMEWATCH_CAMERA_GRACE_S",
        default_value_t = 15,
        value_name = "SECONDS",
        value_parser = clap::value_parser!(u32).range(..=3600)
    )]
    pub camera_grace_s: u32,

    /// Let the network look at every frame, also at those that show nothing new
    #[arg(long, env = "FRAMEWATCH_NO_CASCADE")]
    pub no_cascade: bool,

    /// After how long without another one a frame is kept, since `FRAMES` forgets it.
    #[arg(skip = FRAME_KEPT_AFTER)]
    pub frame_kept_after: std::time::Duration,

    /// How many folders that nobody made have their cameras watched; a setting of the process, which the upload service
    /// has, too.
    #[arg(skip = MOST_UNMADE)]
    pub max_unmade_folders: u32,

    /// The network, whose setting is the process's.
    #[arg(skip)]
    pub model: ModelConfig,

    /// Whether it runs in shadow; a setting of a comparator that is a process of its own.
    #[arg(skip)]
    pub shadow: ShadowConfig,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            max_frame_megapixels: 100,
            evidence_max_gb: 20,
            evidence_folder_max_mb: 500,
            evidence_per_hour: 60,
            looks_max_mb: 256,
            learning_day_s: 86_400,
            camera_grace_s: 15,
            no_cascade: false,
            frame_kept_after: FRAME_KEPT_AFTER,
            max_unmade_folders: MOST_UNMADE,
            model: ModelConfig::default(),
            shadow: ShadowConfig::default(),
        }
    }
}

impl Config {
    pub(crate) fn evidence_limits(&self) -> EvidenceLimits {
        EvidenceLimits {
            max_bytes: u64::from(self.evidence_max_gb) * 1_000_000_000,
            folder_max_bytes: u64::from(self.evidence_folder_max_mb) * 1_000_000,
            alerts_per_hour: self.evidence_per_hour,
        }
    }

    pub(crate) fn looks_max_bytes(&self) -> usize {
        self.looks_max_mb as usize * 1_000_000
    }

    /// How fast normal pictures are proposed; `None` where none are.
    pub(crate) fn pace(&self) -> Option<Pace> {
        let day = Duration::seconds(self.learning_day_s.into());
        (!day.is_zero()).then(|| Pace::of_day(day))
    }

    pub(crate) fn limits(&self) -> fingerprint::Limits {
        fingerprint::Limits {
            max_pixels: u64::from(self.max_frame_megapixels) * 1_000_000,
            ..Default::default()
        }
    }
}
