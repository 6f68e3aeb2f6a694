//! The page of all folders, however many there are: it draws some, and scripts ask for more.
//!
//! - `page`: the page.
//! - `selection`: which folders are asked for, and in which order.
//! - `parts`: cards by name, and the order of names, for scripts.
//! - `element`: a card as it is drawn.
//! - `glances`: what a card needs to stay current.
//! - `follow`: the events of the cards that somebody sees.

mod element;
mod follow;
mod glances;
mod page;
mod parts;
mod selection;

use std::sync::Arc;

use crate::{access::permissions::LOOK, front_door::calls::Calls};
use glances::Glances;

/// The calls of this room.
pub(crate) fn calls() -> Calls {
    Calls::new()
        .page(LOOK, "/", page::overview)
        .page(LOOK, "/folders/order", parts::order)
        .page(LOOK, "/folders/cards", parts::cards)
        .page(LOOK, "/folders/glances", follow::follow)
        .given(Arc::<Glances>::default())
}
