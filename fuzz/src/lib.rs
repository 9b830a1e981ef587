//! Invariants for any input. The fuzz targets check them for the inputs of libFuzzer. `tests/fuzz_seeds.rs` checks them
//! for the files in `corpus/`, so that fixed faults stay fixed without a fuzzer.

pub mod config;
pub mod decode;
pub mod detect;
pub mod index;
pub mod shell;
pub mod text;
