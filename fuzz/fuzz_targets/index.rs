#![no_main]

use keysweep_fuzz::index::IndexTarget;

thread_local! {
    // The name of the folder is fixed, since libFuzzer exits without dropping anything.
    static TARGET: IndexTarget = IndexTarget::new("keysweep-fuzz-index");
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    TARGET.with(|target| target.check(bytes));
});
