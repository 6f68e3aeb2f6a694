//! The fingerprint of pictures that the tests draw themselves.

mod damage;
mod drawing;
mod formats;
mod imagehash;
