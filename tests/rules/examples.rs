//! The examples of every rule, with all rules enabled, so that no rule shadows another.

use std::collections::{BTreeMap, BTreeSet};

use keysweep::detect::Detector;
use keysweep::rules::example::{Dice, expand};
use keysweep::rules::with_all_packs;

/// The number of random fillings of each example.
const FILLINGS: u64 = 2_000;

/// The accepted loss for the shortest shape, which has 20 characters. Longer shapes lose far less.
const LOST_AT_MOST: u64 = FILLINGS / 100;

#[test]
fn every_rule_finds_its_hits() {
    let detector = Detector::new(&with_all_packs());
    let mut faults = Vec::new();
    for rule in with_all_packs() {
        for template in rule.hits {
            let mut missed = 0;
            let mut taken_for = BTreeMap::new();
            for seed in 0..FILLINGS {
                let text = expand(template, &mut Dice::new(seed));
                match detector.find(text.as_bytes()).as_slice() {
                    [hit] if hit.rule.id == rule.id => {}
                    [] => missed += 1,
                    others => {
                        let ids: Vec<_> = others.iter().map(|hit| hit.rule.id).collect();
                        *taken_for.entry(ids.join("+")).or_insert(0) += 1;
                    }
                }
            }
            if missed > LOST_AT_MOST || taken_for.values().sum::<u64>() > LOST_AT_MOST {
                faults
                    .push(format!("{}: `{template}` missed {missed} of {FILLINGS}, taken for {taken_for:?}", rule.id));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_rule_finds_its_misses() {
    let detector = Detector::new(&with_all_packs());
    for rule in with_all_packs() {
        for template in rule.misses {
            for seed in 0..200 {
                let text = expand(template, &mut Dice::new(seed));
                let hits: Vec<_> = detector.find(text.as_bytes()).iter().map(|hit| hit.rule.id).collect();
                assert!(hits.is_empty(), "{}: `{template}` matches {hits:?}", rule.id);
            }
        }
    }
}

#[test]
fn every_rule_has_complete_documentation() {
    let mut ids = BTreeSet::new();
    for rule in with_all_packs() {
        assert!(ids.insert(rule.id), "rule id {} is used twice", rule.id);
        assert!(!rule.hits.is_empty(), "{} has no hit", rule.id);
        assert!(!rule.misses.is_empty(), "{} has no miss", rule.id);
        assert!(!rule.opens.is_empty() && rule.remedy.len() >= 3, "{} has no remedy", rule.id);
        assert!(!rule.mistaken_for.is_empty(), "{} does not list similar values", rule.id);
        assert!(rule.docs.starts_with("https://"), "{} has no documentation", rule.id);
    }
}

/// The most random-looking names in other projects: parts after `sk_`, capitals, and alternating case.
#[test]
fn names_in_parts_are_not_tokens() {
    let detector = Detector::new(&with_all_packs());
    for name in [
        "EVP_SKEYMGMT_value",
        "PKCS12_SAFEBAG_num",
        "OSSL_CRMF_MSG_shift",
        "MBEDTLS_TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA",
        "NPCM7XX_SMBCTL3_SCLFRQ",
        "R_IA64_DTPMOD64MSB",
        "rewriteValueARM_OpRsh16Ux16",
    ] {
        let text = ["sk", name].join("_");
        assert!(detector.find(text.as_bytes()).is_empty(), "{name}");
    }
}

#[test]
fn a_length_is_drawn_from_its_range() {
    let lengths: BTreeSet<usize> = (0..200).map(|seed| expand("{alnum:3-6}", &mut Dice::new(seed)).len()).collect();
    assert_eq!(lengths.into_iter().collect::<Vec<_>>(), [3, 4, 5, 6]);
    for slip in ["{alnum:6-3}", "{alnum:1-99999999999}", "{alnum:-}"] {
        assert_eq!(expand(slip, &mut Dice::new(1)), "", "{slip}");
    }
}
