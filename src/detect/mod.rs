//! The detector: bytes in, hits out, nothing else. It reads no file, knows no path and prints nothing.
//!
//! One pass over the bytes finds the literals of all rules. At each literal the detector checks the byte in front, the length of
//! the text after it, the rule's expression and its validator, in this order, the cheapest first. A second pass finds runs that
//! may be encoded text, and searches the decoded text in the same way (`decode`).

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
pub use splice_context::{Lines, SpliceContext};
