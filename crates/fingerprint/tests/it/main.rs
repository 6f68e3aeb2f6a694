//! The fingerprint of pictures that the tests draw themselves.

mod damage;
mod drawing;
mod formats;
mod history;
mod imagehash;
mod jpegs;
mod thumbnail;
