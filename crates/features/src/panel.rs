//! How numbers lie in memory while the network runs: channels in panels of 16, and all pixels' first panels before all
//! pixels' second ones. A panel is one cache line and one register of AVX-512.

/// Channels in a panel.
pub(crate) const LANES: usize = 16;

/// 16 channels of one pixel, or 16 outputs' weights for one input.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Panel(pub(crate) [f32; LANES]);

impl Panel {
    pub(crate) const ZERO: Self = Self([0.0; LANES]);
}

/// How many panels hold this many channels; the rest of the last one is zero.
pub(crate) fn panels(channels: usize) -> usize {
    channels.div_ceil(LANES)
}

/// One pixel's channels, or one row of a matrix.
pub(crate) fn pack(row: &[f32]) -> Vec<Panel> {
    row.chunks(LANES)
        .map(|lanes| {
            let mut panel = Panel::ZERO;
            panel.0[..lanes.len()].copy_from_slice(lanes);
            panel
        })
        .collect()
}

/// Row-major pixels of `channels` each, out of planes of `pixels` panels.
pub(crate) fn unpack(planes: &[Panel], pixels: usize, channels: usize) -> Vec<f32> {
    let mut values = vec![0.0; pixels * channels];
    for (pixel, values) in values.chunks_exact_mut(channels).enumerate() {
        for (plane, lanes) in values.chunks_mut(LANES).enumerate() {
            lanes.copy_from_slice(&planes[plane * pixels + pixel].0[..lanes.len()]);
        }
    }
    values
}
