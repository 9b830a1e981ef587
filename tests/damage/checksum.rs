//! An object whose bytes are not those that its checksum is of.

use std::fs;

use crate::support::token::Maker;
use crate::support::{Repo, client};

/// RFC 1950: a zlib stream of one stored block. `sum_of` are the bytes that its checksum is of.
fn stored(bytes: &[u8], sum_of: &[u8]) -> Vec<u8> {
    let len = u16::try_from(bytes.len()).expect("one block");
    let (low, high) = sum_of.iter().fold((1_u32, 0_u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    let block = [&[1][..], &len.to_le_bytes(), &(!len).to_le_bytes(), bytes].concat();
    [&[0x78, 0x01][..], &block, &(high << 16 | low).to_be_bytes()].concat()
}

#[test]
fn a_staged_object_whose_checksum_does_not_match_is_no_clean_file() {
    let (repo, token) = (Repo::new(), Maker::new(7600).sk_live(24));
    let content = format!("{}{}", "an innocent line\n".repeat(300), client(&token));
    let id = repo.stage_blob("a.py", &content);
    let path = repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let whole = format!("blob {}\0{content}", content.len());
    // The damage takes the token's underscores, so no rule matches. The stream is longer than its header says, so a reader
    // that stops at the size does not come to the checksum.
    let damaged = format!("{}and more\n", whole.replace('_', "-"));
    for (bytes, code) in [(&whole, 1), (&damaged, 2)] {
        fs::remove_file(&path).expect("remove");
        fs::write(&path, stored(bytes.as_bytes(), whole.as_bytes())).expect("write");
        let run = repo.keysweep(&["staged"]).expect_code(code);
        assert_eq!(run.err().contains("cannot read blob"), code == 2, "{}", run.all());
    }
}
