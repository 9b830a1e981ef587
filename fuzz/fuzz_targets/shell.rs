#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| keysweep_fuzz::shell::check(bytes));
