//! The detector: bytes in, hits out, nothing else. It reads no file, knows no path and prints nothing.
//!
//! One pass over the bytes for a handful of literals finds the places worth a look; at each of them the
//! byte before, the length of what follows, the rule's expression and its validator are asked in this order, cheapest first.
//! A second pass looks for runs that may be encoded text (`decode`), and what they say is searched in the same way.

pub(crate) mod literal;
pub(crate) mod prefilter;
pub(crate) mod splice_context;
pub(crate) mod validator;

mod adjacent;
mod arms;
mod boundary;
#[cfg(test)]
mod brute;
mod decode;
mod detector;
mod excerpt;
mod hit;
mod long_runs;
mod mask;
mod nested;
mod pairs;
mod placeholder;
mod randomness;
mod surroundings;

pub use detector::Detector;
pub use excerpt::is_unsafe;
pub use hit::Hit;
pub use splice_context::{Lines, Reach};
