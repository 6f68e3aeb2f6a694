//! The fingerprint of pictures that the tests draw themselves.

mod cases;
mod damage;
mod drawing;
mod encoded;
mod formats;
mod history;
mod imagehash;
mod jpegs;
mod memory;
mod quarter;
mod thumbnail;
mod trees;
