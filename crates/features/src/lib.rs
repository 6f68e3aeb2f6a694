//! What a neural network sees in a picture: the features of EfficientNet-Lite0's fifth and seventh stage.
//!
//! Owns the way from decoded pixels to [`Features`]: resizing to the network's input ([`Input`]), the weights and their
//! check ([`Weights`]), and the forward pass ([`Network`]). Pure and synchronous: no I/O, no clock; the weights are given to
//! it. Decoding pictures is left to `fingerprint`, and what features say of a view to `comparison`.
//!
//! ```no_run
//! use features::{Input, Network, Weights};
//!
//! let weights = Weights::from_safetensors(&std::fs::read("efficientnet-lite0.safetensors")?)?;
//! let network = Network::new(&weights);
//! network.self_test()?;
//! let (width, height, pixels) = (1920, 1080, vec![127; 3 * 1920 * 1080]);
//! let features = network.of(&Input::from_rgb(&pixels, width, height)?);
//! assert_eq!(features.stage7.len(), 7 * 10 * 320);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How
//!
//! 546 million multiply-adds in 32-bit floats, on one thread, without a runtime for models and without `unsafe` here.
//! `fearless_simd` picks the instructions when the program runs ([`Level`]). Channels lie in panels of 16, one cache line a
//! pixel (`panel`). 1×1 convolutions, nine tenths of the work, are done in tiles that stay in registers (`pointwise`); a
//! block's three convolutions are fused over bands of rows that stay in the cache (`block`); the stem takes bytes (`stem`).
//! Batch normalisation is folded into the weights when they are loaded, so that the file holds what was published.
//!
//! # How equal
//!
//! On one machine the same picture gives the same features bit for bit, on any thread. AVX-512 and AVX2 agree bit for bit:
//! each sum is made in the same order by fused multiply-adds. Levels without those round once more at each step; the
//! tests bound what that changes to a relative L2 of 10⁻⁵. From ONNX Runtime all differ by less than 10⁻⁴.

mod architecture;
mod block;
mod depthwise;
mod error;
mod features;
mod input;
mod known_answer;
mod level;
mod network;
mod panel;
mod pointwise;
mod resize;
mod stem;
mod unrolled;
mod weights;

pub use error::Error;
pub use features::{Features, Stage};
pub use input::Input;
pub use level::Level;
pub use network::Network;
pub use weights::Weights;
