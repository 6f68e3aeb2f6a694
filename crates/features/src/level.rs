//! Which instructions the network is computed with: chosen when the program runs, by what the processor has.

use std::fmt;

/// A set of instructions that this machine has.
#[derive(Clone, Copy, Debug)]
pub struct Level(pub(crate) fearless_simd::Level);

impl Level {
    /// The fastest.
    #[must_use]
    pub fn best() -> Self {
        Self(fearless_simd::Level::new())
    }

    /// Every one, the fastest first. On x86-64 those of AVX-512, AVX2 with FMA, SSE4.2 and SSE2 that are there; on other
    /// machines the one that there is.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let best = fearless_simd::Level::new();
        #[cfg(target_arch = "x86_64")]
        let levels = [
            best.as_avx512().map(fearless_simd::Level::Avx512),
            best.as_avx2().map(fearless_simd::Level::Avx2),
            best.as_sse4_2().map(fearless_simd::Level::Sse4_2),
            best.as_sse2().map(fearless_simd::Level::Sse2),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let levels = [Some(best)];
        levels.into_iter().flatten().map(Self).collect()
    }

    /// As `fearless_simd` has it, for other code to be computed with the same.
    #[must_use]
    pub fn instructions(self) -> fearless_simd::Level {
        self.0
    }

    /// Whether a register holds a panel and there are 32 of them.
    pub(crate) fn has_wide_registers(self) -> bool {
        #[cfg(target_arch = "x86_64")]
        return self.0.as_avx512().is_some();
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }
}

impl fmt::Display for Level {
    /// `avx512`, `avx2`, `sse4.2`, `sse2`, or on other machines `portable`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        #[cfg(target_arch = "x86_64")]
        let names = [
            (self.0.as_avx512().is_some(), "avx512"),
            (self.0.as_avx2().is_some(), "avx2"),
            (self.0.as_sse4_2().is_some(), "sse4.2"),
            (self.0.as_sse2().is_some(), "sse2"),
        ];
        #[cfg(not(target_arch = "x86_64"))]
        let names: [(bool, &str); 0] = [];
        let name = names.into_iter().find(|(has, _)| *has);
        f.write_str(name.map_or("portable", |(_, name)| name))
    }
}
