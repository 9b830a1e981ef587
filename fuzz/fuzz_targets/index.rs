#![no_main]

use keysweep_fuzz::index::Place;

thread_local! {
    // A folder of one name, since libFuzzer ends a process without dropping anything.
    static PLACE: Place = Place::new("keysweep-fuzz-index");
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    PLACE.with(|place| place.check(bytes));
});
