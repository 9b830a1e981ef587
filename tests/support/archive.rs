//! Builds archives of each supported kind.

use std::io::{Cursor, Write as _};

use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use zip::CompressionMethod;
use zip::write::SimpleFileOptions;

use super::token::Token;
use super::{Repo, client};

fn zip_with(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut to = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        to.start_file(*name, SimpleFileOptions::default().compression_method(method)).expect("a name");
        to.write_all(content).expect("write");
    }
    to.finish().expect("write").into_inner()
}

pub fn zip_archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(CompressionMethod::Deflated, files)
}

pub fn stored(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_with(CompressionMethod::Stored, files)
}

pub fn gzip_of(bytes: &[u8]) -> Vec<u8> {
    let mut to = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    to.write_all(bytes).and_then(|()| to.finish()).expect("write")
}

pub fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

pub fn tar_archive(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut to = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        to.append_data(&mut header, name, *content).expect("write");
    }
    to.into_inner().expect("write")
}

/// Text that is long enough for every packer to compress it.
pub fn content(token: &Token) -> String {
    format!("{}{}", "a line like any other line\n".repeat(40), client(token))
}

/// The line of [`content`] that contains the token.
pub const LINE: u64 = 41;

/// Runs a Python script and returns the bytes that it writes to `out`.
pub fn made_by_python(script: &str, inputs: &[(&str, &[u8])]) -> Vec<u8> {
    let repo = Repo::none();
    for (name, bytes) in inputs {
        repo.write(name, bytes);
    }
    repo.call("python3", &["-W", "ignore", "-c", script]).run().expect_code(0);
    std::fs::read(repo.path("out")).expect("the script writes it")
}
