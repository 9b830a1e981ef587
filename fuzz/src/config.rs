//! The configuration parser: any input is parsed or refused, and the rules of a parsed configuration can be used.

use keysweep::config::{Allow, AllowQuery, Config};
use keysweep::detect::Detector;
use keysweep::finding::Fingerprint;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

/// Rules are leaked, since a process normally reads only one configuration.
const MOST_RULES: usize = 4;

pub fn check(bytes: &[u8]) {
    match Config::parse(bytes) {
        Err(wrong) => {
            let lines = 1 + bytes.iter().filter(|&&b| b == b'\n').count();
            assert!((1..=lines).contains(&wrong.line), "line {} of {lines}", wrong.line);
            assert!(!wrong.message.is_empty(), "the error has no message");
        }
        Ok(config) => {
            allows(&config, bytes);
            finds(&config);
        }
    }
}

fn allows(config: &Config, bytes: &[u8]) {
    let Ok(allow) = Allow::new(config, &[]) else { return };
    let globs: Vec<&[u8]> = config.paths.iter().map(|(glob, _)| glob.as_bytes()).collect();
    for path in globs.iter().copied().chain([bytes, b"src/main.rs"]) {
        let (line, token) = (0..bytes.len(), 0..bytes.len().min(20));
        let _ = allow.reason(&AllowQuery {
            by_path: allow.reason_for_path(path),
            fingerprint: Fingerprint::from_bits(1),
            bytes,
            line: &line,
            token: &token,
        });
        assert!(
            allow.unused(&[(path, Fingerprint::from_bits(1))], true).count()
                <= config.paths.len() + config.fingerprints.len()
        );
    }
}

fn finds(config: &Config) {
    if config.rules.is_empty() || config.rules.len() > MOST_RULES {
        return;
    }
    let own: Vec<_> = config.rules.iter().map(keysweep::config::CustomRule::to_rule).collect();
    let detector = Detector::new(&[&own[..], ALL].concat());
    for template in own.iter().flat_map(|rule| rule.hits.iter().chain(rule.misses)) {
        let text = expand(template, &mut Dice::new(1));
        for hit in detector.find(text.as_bytes()) {
            assert!(hit.span.end <= text.len());
        }
        let _ = detector.mask_sentence(&text);
    }
}
