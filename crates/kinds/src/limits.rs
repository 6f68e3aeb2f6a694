//! Above which measure what is called so. Chosen by the detection study, in whose pictures the camera's scenes are those of
//! the tests, and incidents drawn with other seeds.

/// Agreement elsewhere, of a moved view; less where no other place agrees nearly as well.
pub(crate) const MOVED: f32 = 9.0;
pub(crate) const SURELY_MOVED: f32 = 11.0;
pub(crate) const ALONE: f32 = 2.0;
pub(crate) const SURELY_ALONE: f32 = 1.2;
/// How much better a moved view must agree there than in place.
pub(crate) const BETTER: f32 = 1.25;
/// Agreement of a view in place, alone and where tiles say so as well.
pub(crate) const IN_PLACE: f32 = 14.0;
pub(crate) const IN_PLACE_WITH_TILES: f32 = 6.0;
pub(crate) const TILES: f32 = 0.15;
/// Mean grey levels: of no light; of little, and how much less than before that must be.
pub(crate) const DARK: f32 = 25.0;
pub(crate) const DIM: f32 = 45.0;
pub(crate) const DIMMED: f32 = 0.3;
/// Fine detail that is lost, and the tiles in place that prove it.
pub(crate) const BLURRED: f32 = 0.75;
pub(crate) const BLURRED_TILES: f32 = 0.33;
/// The likeness of half of the places, below which most of the view has changed.
pub(crate) const PARTLY: f32 = 0.45;
/// The share of the reference's contrast, below which there is a veil.
pub(crate) const VEILED: f32 = 0.3;
/// How many times as plain, and with which share of the edges, a cover is as what it hides.
pub(crate) const PLAINER: f32 = 1.5;
pub(crate) const FEWER_EDGES: f32 = 0.6;
/// How surely a cover is one, over a view that is in place, and where nothing of it is left; then as much is unlike.
pub(crate) const PARTLY_COVERED: f32 = 0.35;
pub(crate) const COVERED: f32 = 0.6;
pub(crate) const UNLIKE: f32 = 0.6;
/// The share of the picture from which on what hides a part of it is a cover.
pub(crate) const PART: f32 = 0.3;
/// How many times as plain it is as what it hides.
pub(crate) const PART_PLAINER: f32 = 2.2;
/// The share that it leaves of the edges. Where bottles were taken from a table, 0.32 were left.
pub(crate) const PART_EDGES: f32 = 0.28;
/// The share of edges below which a reference is too bare to say that they are gone.
pub(crate) const BARE: f32 = 0.03;

/// Agreement in place with the reference of another view, and how much better that is than all agreement with its own.
pub(crate) const SWAPPED: f32 = 14.0;
pub(crate) const SWAPPED_BY: f32 = 4.0;

/// How far tiles must be shifted for the view to have moved, as a share of the width or the height. Then the share of
/// all tiles that must be shifted, and the share of those that are unlike. In frames cut a little beside their
/// references 0.87 of the tiles and more are shifted; in real frames that lie in place or show something else, less
/// than 0.25.
pub(crate) const SHIFTED: f32 = 0.01;
pub(crate) const SHIFTED_TILES: f32 = 0.6;
pub(crate) const SHIFTED_UNLIKE: f32 = 0.5;

/// Whether tiles can change what a frame is called. It depends on the best agreement within the reach of tiles.
pub(crate) fn needs_tiles(near: f32) -> bool {
    near >= IN_PLACE_WITH_TILES
}
