//! The cache folder: who may use it, how large it gets, and several processes at once.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::harness::{Fleet, expect_error, expect_found, files};
use crate::support::client;

/// Text that does not compress: 32 hex digits for each line.
fn noise(lines: u32, seed: u32) -> String {
    use sha2::{Digest as _, Sha256};
    let line = |n: u32| data_encoding::HEXLOWER.encode(&Sha256::digest(format!("{seed} {n}"))[..16]) + "\n";
    (0..lines).map(line).collect()
}

#[test]
fn the_folder_is_private() {
    let fleet = Fleet::new(2401);
    fleet.add("one", None);
    let url = fleet.url("one");
    fleet.run(&[], &[&url]).expect_code(0);
    let mode = |path: &std::path::Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&fleet.cache()), 0o700);
    assert!(fs::read_to_string(fleet.cache().join("CACHEDIR.TAG")).expect("a tag").starts_with("Signature: 8a477f59"));
    fs::set_permissions(fleet.cache(), fs::Permissions::from_mode(0o750)).expect("chmod");
    let run = fleet.run(&[], &[&url]).expect_code(2).expect_has("other users may use it").expect_has("--cache");
    assert_eq!(run.objects().len(), 1);
    fs::remove_dir_all(fleet.cache()).expect("remove");
    let elsewhere = fleet.repo.base().join("elsewhere");
    fs::create_dir(&elsewhere).expect("create");
    symlink(&elsewhere, fleet.cache()).expect("link");
    fleet.run(&[], &[&url]).expect_code(2).expect_has("it is no folder");
    assert!(files(&elsewhere).is_empty());
}

#[test]
fn the_default_is_the_cache_folder_of_the_user() {
    let fleet = Fleet::new(2402);
    fleet.add("one", None);
    let call = || fleet.repo.keysweep_call(&["fleet"]).stdin(fleet.url("one"));
    let home = fleet.repo.base().to_owned();
    call().env("HOME", &home).env("XDG_CACHE_HOME", "").run().expect_code(0);
    assert!(home.join(".cache/keysweep/fleet/CACHEDIR.TAG").exists());
    call().env("XDG_CACHE_HOME", home.join("xdg")).run().expect_code(0);
    assert!(home.join("xdg/keysweep/fleet/CACHEDIR.TAG").exists());
    call().env("HOME", "").env("XDG_CACHE_HOME", "relative").run().expect_code(2).expect_has("--cache");
}

#[test]
fn the_least_recently_used_mirrors_make_room() {
    let mut fleet = Fleet::new(2403);
    let token = fleet.token();
    for (seed, name) in [(1, "a"), (2, "b"), (3, "c")] {
        fleet.add(name, None);
        fleet.commit(name, "noise", &(noise(20_000, seed) + &client(&token)));
    }
    let (a, b, c) = (fleet.url("a"), fleet.url("b"), fleet.url("c"));
    // Each mirror takes about 400 kB.
    let run = fleet.run(&["--cache-size", "1M"], &[&a, &b, &a, &format!("{a}/"), &c]).expect_code(1);
    expect_found(&run, &c, &[&token]);
    let size: u64 = files(&fleet.cache()).iter().map(|path| fs::metadata(path).expect("it is there").len()).sum();
    assert!(size <= 1_000_000, "{size}");
    // `b` was used before `a/`, and is fetched again.
    let run = fleet.run(&["--cache-size", "1M"], &[&b]).expect_code(1);
    expect_found(&run, &b, &[&token]);
    // A repository that alone is too large is an error, and leaves nothing.
    let run = fleet.run(&["--cache-size", "200k"], &[&a, &fleet.folder("b")]).expect_code(2);
    expect_error(&run, &a, "the cache would exceed 200000 bytes");
    expect_found(&run, &fleet.folder("b"), &[&token]);
    assert!(fleet.mirrors().is_empty(), "{:?}", fleet.mirrors());
    for size in ["0", "x", "1.5G"] {
        fleet.run(&["--cache-size", size], &[]).expect_code(2).expect_has("500M or 20G");
    }
}

#[test]
fn other_files_are_never_removed() {
    let fleet = Fleet::new(2404);
    fleet.add("a", None);
    fleet.commit("a", "noise", &noise(20_000, 1));
    fleet.run(&[], &[]).expect_code(0);
    let mine = fleet.cache().join("mine");
    fs::create_dir(&mine).expect("create");
    fs::write(mine.join("file"), noise(40_000, 2)).expect("write");
    fleet.run(&["--cache-size", "1M"], &[&fleet.url("a")]).expect_code(0);
    assert!(mine.join("file").exists());
}

#[test]
fn processes_share_a_cache() {
    let mut fleet = Fleet::new(2405);
    let token = fleet.token();
    let names: Vec<String> = (0..4).map(|n| format!("r{n}")).collect();
    for name in &names {
        fleet.add(name, Some(&token));
    }
    let urls: Vec<String> = names.iter().map(|name| fleet.url(name)).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| fleet.run(&["--since-last"], &urls))).collect();
        for run in runs {
            let run = run.join().expect("no panic").expect_code(1);
            for url in &urls {
                expect_found(&run, url, &[&token]);
            }
        }
    });
    assert_eq!(fleet.mirrors().len(), 4);
}

/// Folders that only look like those of the cache are not removed.
#[test]
fn a_folder_without_the_tag_is_no_cache() {
    let fleet = Fleet::new(2409);
    let foreign = fleet.cache().join("0123456789abcdef0123456789abcdef");
    fs::create_dir_all(&foreign).expect("create");
    fs::set_permissions(fleet.cache(), fs::Permissions::from_mode(0o700)).expect("chmod");
    fleet.run(&["--cache-size", "1M"], &[]).expect_code(2).expect_has("it has no CACHEDIR.TAG");
    assert!(foreign.exists());
}
