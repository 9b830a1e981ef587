//! What must hold of any bytes. The fuzz targets ask it of what libFuzzer makes up, `tests/fuzz_seeds.rs` of the files in
//! `corpus/`, so that what was mended once stays so without a fuzzer.

pub mod config;
pub mod decode;
pub mod detect;
pub mod index;
pub mod text;
