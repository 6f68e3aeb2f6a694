//! How much the frames of one folder differ although nothing happens: what is usual, tile by tile, and of the whole.

use fingerprint::Cells;

use super::Glance;

/// Cells in a tile: columns, rows.
const TILE: (usize, usize) = (4, 2);
const TILES: (usize, usize) = (Cells::COLUMNS / TILE.0, Cells::ROWS / TILE.1);

/// Sixteenths of a grey level.
const LEVEL: u32 = 16;

/// After so many frames enough is known.
const ENOUGH: u8 = 12;

/// What is measured of the picture as a whole.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scales {
    pub(super) sharpness: f32,
    pub(super) bytes: f32,
}

/// What is usual.
#[derive(Debug, Clone)]
pub(super) struct Noise {
    tiles: [Usual; TILES.0 * TILES.1],
    restless: [Restless; TILES.0 * TILES.1],
    sharpness: Usual,
    bytes: Usual,
    /// Differences that it was learned from.
    frames: u8,
}

impl Default for Noise {
    fn default() -> Self {
        Noise {
            tiles: [Usual::default(); TILES.0 * TILES.1],
            restless: [Restless::default(); TILES.0 * TILES.1],
            sharpness: Usual::default(),
            bytes: Usual::default(),
            frames: 0,
        }
    }
}

impl Noise {
    /// The most, in grey levels, by which a cell may differ whatever is usual. Where a cell is half covered by something that is
    /// 15 levels brighter or darker than what is behind it, it differs by more.
    pub(super) const CEILING: u32 = 6;
    /// By so many grey levels a cell may differ in any case: rounding alone makes one of it.
    const FLOOR: u32 = 2;
    /// The same of sharpness, in thousandths.
    const SHARPNESS: (u32, u32) = (20, 60);
    /// The same of bytes.
    const BYTES: (u32, u32) = (20, 60);

    /// Tiles that change in nearly every frame are left out, as a burned-in clock is, if there are at most this many: a
    /// sixty-fourth of the picture. More than that are no clock, so then none is left out.
    const RESTLESS: usize = 4;

    /// Whether two frames differ by no more than frames usually do.
    pub(super) fn explains(&self, one: &Glance, other: &Glance) -> bool {
        let [sharpness, bytes] = of_whole(one, other);
        let restless = self.restless.iter().filter(|it| it.is_so()).count();
        let leaves_out = restless <= Self::RESTLESS;
        let tiles = self.tiles.iter().zip(&self.restless);
        let mut tiles = tiles.zip(of_tiles(one, other));
        self.frames >= ENOUGH
            && sharpness <= self.sharpness.allows(Self::SHARPNESS.0, Self::SHARPNESS.1)
            && bytes <= self.bytes.allows(Self::BYTES.0, Self::BYTES.1)
            && tiles.all(|((usual, restless), differs)| {
                differs <= usual.allows(Self::FLOOR * LEVEL, Self::CEILING * LEVEL)
                    || leaves_out && restless.is_so()
            })
    }

    /// Takes in two frames, one after another.
    pub(super) fn learn(&mut self, one: &Glance, other: &Glance) {
        let tiles = self.tiles.iter_mut().zip(&mut self.restless);
        for ((usual, restless), differs) in tiles.zip(of_tiles(one, other)) {
            usual.learn(differs);
            restless.learn(differs > Self::CEILING * LEVEL);
        }
        let [sharpness, bytes] = of_whole(one, other);
        self.sharpness.learn(sharpness);
        self.bytes.learn(bytes);
        self.frames = self.frames.saturating_add(1);
    }
}

/// The largest difference of a cell of each tile, in sixteenths of a grey level.
fn of_tiles(one: &Glance, other: &Glance) -> [u32; TILES.0 * TILES.1] {
    let mut largest = [0_u8; TILES.0 * TILES.1];
    let (one, other) = (one.cells.levels(), other.cells.levels());
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        let (row, column) = (at / Cells::COLUMNS, at % Cells::COLUMNS);
        let tile = &mut largest[row / TILE.1 * TILES.0 + column / TILE.0];
        *tile = (*tile).max(one.abs_diff(*other));
    }
    largest.map(|it| u32::from(it) * LEVEL)
}

/// By how much sharpness and bytes differ, in thousandths.
fn of_whole(one: &Glance, other: &Glance) -> [u32; 2] {
    let differs = |one: f32, other: f32| {
        let larger = one.max(other).max(f32::MIN_POSITIVE);
        ((one - other).abs() / larger * 1000.0) as u32
    };
    let (one, other) = (one.scales, other.scales);
    [
        differs(one.sharpness, other.sharpness),
        differs(one.bytes, other.bytes),
    ]
}

/// What three of four differences are at most: a step up for each that is larger, a third of it down for the others. So what
/// differs now and then, because something goes by, does not become usual.
#[derive(Debug, Clone, Copy, Default)]
struct Usual(u8);

impl Usual {
    const UP: u8 = 3;
    const DOWN: u8 = 1;
    /// More is never allowed, so nothing more is learned, which would take long to be unlearned.
    const MOST: u8 = 50;

    fn learn(&mut self, differs: u32) {
        self.0 = match differs > u32::from(self.0) {
            true => (self.0 + Self::UP).min(Self::MOST),
            false => self.0.saturating_sub(Self::DOWN),
        };
    }

    /// Twice what is usual, within bounds.
    fn allows(self, floor: u32, ceiling: u32) -> u32 {
        (2 * u32::from(self.0)).clamp(floor, ceiling)
    }
}

/// How long a tile has changed in more than three of four frames.
#[derive(Debug, Clone, Copy, Default)]
struct Restless(u8);

impl Restless {
    const LEAST: u8 = 16;
    const MOST: u8 = 32;

    fn learn(&mut self, changes: bool) {
        self.0 = match changes {
            true => (self.0 + 1).min(Self::MOST),
            false => self.0.saturating_sub(3),
        };
    }

    fn is_so(self) -> bool {
        self.0 >= Self::LEAST
    }
}
