//! No output contains a text that decodes to a token, for every encoding and every adjacent text.

use crate::support::encode::{ENCODINGS, Encoding, WIDE_ENCODINGS, wrapped};
use crate::support::leak::{FORMATS, GuardedToken};
use crate::support::token::{Maker, base64};
use crate::support::{Repo, client};

#[track_caller]
fn expect_hidden_in_every_format(repo: &Repo, guarded: &[GuardedToken], code: i32) {
    for format in FORMATS {
        let run = repo.keysweep_call(&["staged"]).args(format).run().expect_code(code);
        for one in guarded {
            one.expect_hidden(&run);
        }
    }
}

fn encodings() -> Vec<&'static Encoding> {
    ENCODINGS.iter().collect()
}

#[test]
fn an_encoded_token_is_not_printed() {
    let mut make = Maker::new(4200);
    let repo = Repo::new();
    let mut guarded = Vec::new();
    for (n, encoding) in ENCODINGS.iter().chain(WIDE_ENCODINGS).enumerate() {
        for (kind, token) in [make.sk_live(24), make.sk_live(99), make.whsec_base64(32)].into_iter().enumerate() {
            let mut one = GuardedToken::new(token);
            repo.stage_blob(format!("{n}-{kind}.txt"), one.written(&[encoding]));
            guarded.push(one);
        }
    }
    expect_hidden_in_every_format(&repo, &guarded, 1);
}

#[test]
fn no_layer_of_a_nested_encoding_is_printed() {
    let mut make = Maker::new(4201);
    let all: Vec<&Encoding> = ENCODINGS.iter().chain(WIDE_ENCODINGS).collect();
    let repo = Repo::new();
    let mut guarded = Vec::new();
    for n in 0..60 {
        let mut one = GuardedToken::new(make.sk_live(24 + n));
        let nest: Vec<&Encoding> = (0..2 + n % 2).map(|_| all[make.below(all.len())]).collect();
        let mut text = one.written(&nest);
        text.push(b'\n');
        repo.stage_blob(format!("{n}.txt"), text);
        guarded.push(one);
    }
    let alone = make.sk_live(24);
    repo.stage("z.py", client(&alone));
    expect_hidden_in_every_format(&repo, &guarded, 1);
}

/// The excerpt of a token shows neither an adjacent token nor a part of one at the edge of its window.
#[test]
fn adjacent_encoded_tokens_are_not_printed() {
    let mut make = Maker::new(4202);
    let encodings = encodings();
    for gap in [1, 30, 90, 500] {
        let repo = Repo::new();
        let mut guarded = Vec::new();
        for (n, encoding) in encodings.iter().enumerate() {
            let plain = GuardedToken::new(make.sk_live(24));
            let (mut left, mut right) = (GuardedToken::new(make.sk_live(99)), GuardedToken::new(make.sk_hex(48)));
            let space = " ".repeat(gap);
            let line = [
                &left.written(&[encoding])[..],
                space.as_bytes(),
                plain.token.text().as_bytes(),
                space.as_bytes(),
                &right.written(&[encoding]),
            ];
            repo.stage_blob(format!("{n}.txt"), line.concat());
            guarded.extend([plain, left, right]);
        }
        let run = repo.keysweep_call(&["staged"]).args(FORMATS[0]).run().expect_code(1);
        for one in &guarded {
            one.expect_hidden(&run);
        }
    }
}

#[test]
fn adjacent_utf16_tokens_are_not_printed() {
    let mut make = Maker::new(4203);
    let repo = Repo::new();
    let mut guarded = Vec::new();
    for (n, encoding) in WIDE_ENCODINGS.iter().enumerate() {
        let (plain, mut wide) = (GuardedToken::new(make.sk_live(24)), GuardedToken::new(make.sk_live(40)));
        // Both tokens inside a binary file, and both in a UTF-16 file.
        repo.stage_blob(
            format!("{n}.bin"),
            [b"\x7fELF\x01 ", plain.token.text().as_bytes(), b" \x02", &wide.written(&[encoding]), b"\x03"].concat(),
        );
        let both = format!("a = {}, b = {}\r\n", plain.token, base64(wide.token.text().as_bytes(), *b"+/", true));
        repo.stage_blob(format!("{n}.txt"), (encoding.write)(both.as_bytes()));
        guarded.extend([plain, wide]);
    }
    expect_hidden_in_every_format(&repo, &guarded, 1);
}

#[test]
fn names_with_encoded_tokens_are_printed_without_them() {
    let mut make = Maker::new(4204);
    let repo = Repo::new();
    let mut guarded = Vec::new();
    for (n, encoding) in ENCODINGS.iter().enumerate() {
        let mut one = GuardedToken::new(make.sk_live(24));
        let name = String::from_utf8_lossy(&one.written(&[encoding])).replace('/', "-");
        repo.stage_blob(format!("{n}/{name}.txt"), "innocent\n");
        guarded.push(one);
    }
    expect_hidden_in_every_format(&repo, &guarded, 1);
}

#[test]
fn no_line_of_a_wrapped_token_is_printed() {
    let mut make = Maker::new(4205);
    let repo = Repo::new();
    let mut guarded = Vec::new();
    for offset in 0..40 {
        let mut one = GuardedToken::new(make.sk_live(99));
        let text = [" ".repeat(offset).as_bytes(), one.token.text().as_bytes(), b"\nlast"].concat();
        let encoded = base64(&text, *b"+/", true);
        one.pieces
            .extend(encoded.as_bytes().windows(16).filter(|piece| !piece.starts_with(b"ICAg")).map(<[u8]>::to_vec));
        repo.stage_blob(format!("{offset}.pem"), wrapped(encoded.as_bytes(), 64, "\n"));
        guarded.push(one);
    }
    expect_hidden_in_every_format(&repo, &guarded, 1);
}

#[test]
fn errors_do_not_repeat_encoded_arguments() {
    let mut make = Maker::new(4206);
    let repo = Repo::new();
    for encoding in ENCODINGS {
        let mut one = GuardedToken::new(make.sk_live(24));
        let typed = String::from_utf8_lossy(&one.written(&[encoding])).into_owned();
        for args in [vec!["files", &typed], vec![&typed], vec!["rules", &typed], vec!["staged", "--config", &typed]] {
            one.expect_hidden(&repo.keysweep(&args).expect_code(2));
        }
    }
}
