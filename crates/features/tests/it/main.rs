//! The network on weights drawn at random, beside a plain implementation of it, and on the published weights where they are.

mod drawing;
mod equality;
mod input;
mod model;
mod plain;
mod weights;
