//! Objects whose content does not match their checksum.

use std::fs;

use crate::support::token::Maker;
use crate::support::{Repo, client};

/// A zlib stream (RFC 1950) of one stored block. The checksum is computed over `sum_of`.
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
fn a_staged_object_with_a_wrong_checksum_is_not_clean() {
    let (repo, token) = (Repo::new(), Maker::new(7600).sk_live(24));
    let content = format!("{}{}", "an innocent line\n".repeat(300), client(&token));
    let id = repo.stage_blob("a.py", &content);
    let path = repo.path(format!(".git/objects/{}/{}", &id[..2], &id[2..]));
    let whole = format!("blob {}\0{content}", content.len());
    // The damage replaces underscores, so no rule matches the token. The stream is longer than the size in its header,
    // so a reader that stops at that size does not reach the checksum.
    let damaged = format!("{}and more\n", whole.replace('_', "-"));
    for (bytes, code) in [(&whole, 1), (&damaged, 2)] {
        fs::remove_file(&path).expect("remove");
        fs::write(&path, stored(bytes.as_bytes(), whole.as_bytes())).expect("write");
        let run = repo.keysweep(&["staged"]).expect_code(code);
        assert_eq!(run.err().contains("cannot read blob"), code == 2, "{}", run.all());
    }
}
