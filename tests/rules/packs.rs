//! Packs of rules. They are off until `.keysweep.toml` enables them, and then act like all other rules.

use std::fs;

use data_encoding::HEXLOWER;
use keysweep::detect::Detector;
use keysweep::rules::example::{Dice, expand};
use keysweep::rules::with_all_packs;
use serde_json::Value;

use crate::support::token::{Maker, base64};
use crate::support::{Repo, Run, text};

const CONFIG: &str = ".keysweep.toml";
const BOTH: &str = "[rules]\npacks = ['ai', 'cousins']\n";

/// One template for each rule of a pack: pack, rule id, template.
const TOKENS: &[(&str, &str, &str)] = &[
    ("ai", "openai-api-key", "sk-proj-{urlsafe:74}T3BlbkFJ{urlsafe:73}x"),
    ("ai", "openai-api-key", "sk-{alnum:20}T3BlbkFJ{alnum:20}"),
    ("ai", "anthropic-api-key", "sk-ant-api03-{urlsafe:93}AA"),
    ("ai", "anthropic-api-key", "sk-ant-oat01-{urlsafe:93}AA"),
    ("ai", "openrouter-api-key", "sk-or-v1-{hex:64}"),
    ("ai", "langfuse-secret-key", "sk-lf-{uuid}"),
    ("ai", "cerebras-api-key", "csk-{base36:48}"),
    ("ai", "deepseek-api-key", "sk-{hex:32}"),
    ("ai", "sk-dash-token", "sk-{alnum:48}"),
    ("ai", "groq-api-key", "gsk_{alnum:52}"),
    ("ai", "xai-api-key", "xai-{alnum:80}"),
    ("ai", "perplexity-api-key", "pplx-{alnum:48}"),
    ("ai", "nvidia-api-key", "nvapi-{base64url:48}"),
    ("ai", "pinecone-api-key", "pcsk_{alnum:6}_{alnum:63}"),
    ("ai", "langsmith-api-key", "lsv2_pt_{hex:32}_{hex:10}"),
    ("ai", "hugging-face-token", "hf_{letters:34}"),
    ("ai", "replicate-api-token", "r8_{alnum:37}"),
    ("ai", "tavily-api-key", "tvly-dev-{alnum:32}"),
    ("cousins", "supabase-secret-key", "sb_secret_{alnum:22}_{alnum:8}"),
    ("cousins", "supabase-access-token", "sbp_{hex:40}"),
    ("cousins", "toss-secret-key", "live_gsk_{alnum:32}"),
    ("cousins", "resend-api-key", "re_{alnum:8}_{alnum:24}"),
    ("cousins", "polar-access-token", "polar_oat_{alnum:43}"),
    ("cousins", "polar-webhook-secret", "polar_whs_{alnum:43}"),
    ("cousins", "paddle-api-key", "pdl_live_apikey_{base36:26}_{alnum:22}_{alnum:3}"),
];

fn tokens() -> Vec<(&'static str, &'static str, String)> {
    TOKENS.iter().map(|(pack, rule, template)| (*pack, *rule, expand(template, &mut Dice::new(7)))).collect()
}

#[track_caller]
fn expect_rules(run: &Run, wanted: &[&str]) {
    let mut found: Vec<String> = run.findings().iter().map(|f| text(&f["rule"]).to_owned()).collect();
    let mut wanted: Vec<String> = wanted.iter().map(|&id| id.to_owned()).collect();
    found.sort();
    wanted.sort();
    if found != wanted {
        run.fail(&format!("expected {wanted:?}, found {found:?}"));
    }
}

/// A repository with this configuration and a file for each token, all of them staged.
fn with_tokens(config: &str) -> Repo {
    let repo = Repo::new();
    repo.stage(CONFIG, config);
    for (at, (_, rule, token)) in tokens().iter().enumerate() {
        repo.stage(format!("{at}-{rule}.py"), format!("KEY = \"{token}\"\n"));
    }
    repo
}

#[test]
fn without_a_pack_its_tokens_are_not_found() {
    for config in ["", "[rules]\n", "[rules]\npacks = []\n"] {
        with_tokens(config).staged().expect_silent();
    }
}

#[test]
fn a_pack_finds_only_its_families() {
    for (config, packs) in [
        ("[rules]\npacks = ['ai']\n", &["ai"][..]),
        ("[rules]\npacks = ['cousins']\n", &["cousins"]),
        (BOTH, &["ai", "cousins"]),
        ("[rules]\npacks = ['cousins', 'ai', 'ai']\n", &["ai", "cousins"]),
    ] {
        let wanted: Vec<&str> = TOKENS.iter().filter(|one| packs.contains(&one.0)).map(|one| one.1).collect();
        let repo = with_tokens(config);
        expect_rules(&repo.staged().expect_code(1), &wanted);
        expect_rules(&repo.keysweep(&["files", "--format", "jsonl"]).expect_code(1), &wanted);
    }
}

#[test]
fn spans_and_fingerprints_cover_the_whole_token() {
    for (_, rule, token) in tokens() {
        let repo = Repo::new();
        repo.stage(CONFIG, BOTH);
        repo.stage("a.py", format!("KEY = \"{token}\"\n"));
        let run = repo.staged().expect_code(1).expect_lacks(&token);
        let finding = run.only_finding();
        assert_eq!((&finding["column"], &finding["end_column"]), (&8.into(), &(8 + token.len()).into()), "{rule}");
    }
}

#[test]
fn the_built_in_rules_stay_enabled() {
    let token = Maker::new(7100).sk_live(24);
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    repo.stage("a.py", format!("KEY = \"{token}\"\n"));
    expect_rules(&repo.staged().expect_code(1), &["stripe-secret-key"]);
}

#[test]
fn tokens_of_packs_are_found_encoded() {
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    let mut wanted = Vec::new();
    for (at, (_, rule, token)) in tokens().iter().enumerate() {
        repo.stage(format!("{at}.b64"), format!("{}\n", base64(format!("key={token}\n").as_bytes(), *b"+/", true)));
        repo.stage(format!("{at}.hex"), format!("{}\n", HEXLOWER.encode(token.as_bytes())));
        let escaped: Vec<String> = token.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        repo.stage(format!("{at}.js"), format!("key = \"{}\"\n", escaped.concat()));
        wanted.extend([*rule; 3]);
    }
    expect_rules(&repo.staged().expect_code(1), &wanted);
}

#[test]
fn similar_names_are_silent() {
    let mut make = Maker::new(7101);
    let (sha1, sha256, uuid, long) = (make.hex(40), make.hex(64), make.uuid(), make.alnum(48));
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    let lines = [
        ".sk-circle .sk-circle12:before { } .sk-cube-grid .sk-cube9 .sk-folding-cube-wrapper-2 .sk-three-bounce".to_owned(),
        "sk-SK sk-Latn-SK-x-private sk-skcm-carcinoma-subtype-3b".to_owned(),
        format!("task-{long} risk-{long} desk-{long} disk_{long} flask-{long}"),
        "re_compile_all_patterns_2 re_sub_groups = re_getCompiledPatternForName core_12345678_abcdefghijklmnopqrstuvwx".to_owned(),
        "hf_hub_download(hf_token_from_environment) hf_modelForSequenceClassificationTests hf_xet_high_performance".to_owned(),
        "git checkout feature/sk-1234-add-payment-provider-integration-v2".to_owned(),
        format!("sk-{sha1} sk-{sha256} sk-cache-{sha1} sk-{uuid} build-sk-{sha1}.tgz"),
        format!("\"integrity\": \"sha512-{}\"", base64(sha256.as_bytes(), *b"+/", true)),
        "xai-grok-4-fast-reasoning-latest pplx-70b-online-chat-completion r8_unorm_srgb_block_format_texture".to_owned(),
        concat!("sbp_dump_packets_to_the_socket_buffer_x polar", "_oat_token_for_tests_in_sandbox_only gsk_render_node_get_children").to_owned(),
        "OPENAI_API_KEY=sk-proj-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx sk-your-openai-api-key-goes-here".to_owned(),
        "ANTHROPIC_API_KEY=sk-ant-api03-your-key-goes-here sk-ant-... sk-or-v1-<key> hf_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned(),
    ];
    repo.stage("a.txt", lines.join("\n"));
    repo.staged().expect_silent();
    // The scan reads this file.
    let (.., token) = &tokens()[0];
    repo.stage("a.txt", format!("{}\n{token}\n", lines.join("\n")));
    expect_rules(&repo.staged().expect_code(1), &["openai-api-key"]);
}

/// Published values. They are split into pieces, since other scanners report them.
#[test]
fn published_values_are_silent() {
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    for (at, pieces) in [
        ["test_gsk_", "docs_OaPz8L5K", "dmQXkzRz3y47BMw6"],
        // The same body with other prefixes.
        ["test_sk_", "docs_OaPz8L5K", "dmQXkzRz3y47BMw6"],
        ["live_sk_", "docs_OaPz8L5K", "dmQXkzRz3y47BMw6"],
        ["live_gsk_", "docs_OaPz8L5K", "dmQXkzRz3y47BMw6"],
        ["re_zKa4", "RCko_Lhm9ost2Yj", "NCctnPjbLw8Nop"],
        ["sb_secret_", "N7UND0UgjKTVK-Uo", "dkm0Hg_xSvEMPvz"],
    ]
    .iter()
    .enumerate()
    {
        repo.stage(format!("{at}.env"), format!("KEY={}\n", pieces.concat()));
    }
    repo.staged().expect_silent();
}

#[test]
fn an_unknown_pack_is_refused_with_the_known_ones() {
    for (config, line) in [
        ("[rules]\npacks = ['ai', 'cousin']\n", 2),
        ("[rules]\npacks = [\n  'AI',\n]\n", 3),
        ("[rules]\npacks = ['']\n", 2),
        ("[rules]\npacks = 'ai'\n", 2),
        ("[rules]\npacks = [1]\n", 2),
        ("[rules]\npack = ['ai']\n", 2),
        ("rules = ['ai']\n", 1),
        ("[[rules]]\npacks = ['ai']\n", 1),
    ] {
        let repo = Repo::new();
        repo.stage(CONFIG, config);
        let run = repo.staged().expect_code(2);
        eprintln!("{config}\n{}", run.err());
        let run = run.expect_has(&format!("{CONFIG}:{line}")).expect_lacks("panicked");
        assert_eq!(run.err().lines().count(), 1, "{}", run.err());
    }
    let repo = Repo::new();
    repo.stage(CONFIG, "[rules]\npacks = ['cousin']\n");
    repo.staged().expect_code(2).expect_has("did you mean cousins?").expect_has("ai and cousins");
}

/// Packs follow the rules for configurations: the index applies to a commit, and the pushed tip applies to a push.
#[test]
fn packs_are_enabled_where_the_configuration_applies() {
    let (.., token) = &tokens()[0];
    let repo = Repo::new();
    repo.write(CONFIG, BOTH);
    repo.stage("a.py", format!("KEY = \"{token}\"\n"));
    repo.staged().expect_code(0);
    repo.git(&["add", CONFIG]);
    repo.staged().expect_code(1);
    repo.git(&["rm", "-q", "--cached", CONFIG]);
    repo.staged_call().args(&["--config", CONFIG]).run().expect_code(1);
}

/// The packs that a push itself turns on are not in force before they are in the repository.
#[test]
fn a_push_uses_the_packs_that_the_server_has() {
    let (.., token) = &tokens()[0];
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    repo.commit("the packs");
    let (zeros, packs) = ("0".repeat(40), repo.git(&["rev-parse", "HEAD"]).line());
    repo.stage("a.py", format!("KEY = \"{token}\"\n"));
    repo.commit("a token");
    let token = repo.git(&["rev-parse", "HEAD"]).line();
    repo.git(&["checkout", "-q", "--orphan", "other"]);
    let update = |config: &[&str], old: &str| {
        let words = [&["hook", "update", "--format", "jsonl"][..], config, &["refs/heads/main", old, &token]].concat();
        repo.keysweep(&words)
    };
    repo.git(&["update-ref", "-d", "refs/heads/main"]);
    update(&[], &zeros).expect_code(0);
    expect_rules(&update(&[], &packs).expect_code(1), &["openai-api-key"]);
    repo.write("../server.toml", BOTH);
    expect_rules(&update(&["--config", "../server.toml"], &zeros).expect_code(1), &["openai-api-key"]);
}

#[test]
fn history_reports_tokens_of_packs_and_plans_their_cleanup() {
    let repo = Repo::new();
    let (.., token) = &tokens()[0];
    repo.stage("a.py", format!("KEY = \"{token}\"\n"));
    repo.commit("one");
    repo.keysweep(&["history", "--format", "json"]).expect_code(0);
    repo.keysweep(&["history", "--since-last"]).expect_code(0);
    repo.stage(CONFIG, BOTH);
    repo.stage("b.py", format!("# x{token}\n"));
    repo.commit("two");
    repo.keysweep(&["history", "--since-last", "--format", "jsonl"]).expect_code(1);
    let run = repo.keysweep(&["history", "--replacements", "../r.txt", "--format", "jsonl"]).expect_code(1);
    let finding = run.only_finding();
    assert_eq!(finding["rule"], "openai-api-key");
    // After a letter, only the search by value finds the token.
    let by_value = finding["places"].as_array().expect("places").iter().any(|place| place["by_value"] == true);
    assert!(by_value, "{finding}");
    let replacements = fs::read_to_string(repo.path("../r.txt")).expect("the replacements");
    assert!(replacements.contains(token.as_str()));
    let found =
        repo.keysweep_call(&["find", "--format", "jsonl"]).stdin(token).run().expect_code(1).expect_lacks(token);
    assert_eq!(found.only_finding()["rule"], "openai-api-key");
}

#[test]
fn errors_and_reports_hide_tokens_of_packs() {
    for (_, rule, token) in tokens() {
        let repo = Repo::new();
        repo.stage(CONFIG, BOTH);
        eprintln!("{rule}");
        repo.keysweep(&["files", &format!("./{token}/missing")])
            .expect_code(2)
            .expect_lacks(&token[token.len() - 16..]);
        // A finding of another rule prints the file name.
        repo.stage(format!("{token}.py"), format!("{}\n", Maker::new(7102).sk_live(24)));
        repo.staged().expect_code(1).expect_lacks(&token[token.len() - 16..]);
    }
}

/// Many words end with the short prefixes of packs, and names must stay readable.
#[test]
fn names_with_short_prefixes_are_printed() {
    let repo = Repo::new();
    repo.stage(CONFIG, BOTH);
    let name = "src/store_settings_page/pre_commit_configuration/task-management-board/shelf_positions.py";
    repo.stage(name, format!("{}\n", Maker::new(7103).sk_live(24)));
    repo.staged().expect_code(1).expect_has(name);
}

#[test]
fn rules_lists_packs_and_their_state() {
    let repo = Repo::new();
    repo.keysweep(&["rules"]).expect_code(0).expect_lacks("openai-api-key  ").expect_has("ai (off): ");
    repo.write(CONFIG, "[rules]\npacks = ['ai']\n");
    let run = repo.keysweep(&["rules"]).expect_code(0);
    run.expect_has("openai-api-key").expect_has("ai (on): ").expect_has("cousins (off): ");
    let document = repo.keysweep(&["rules", "--format", "json"]).expect_code(0).out();
    let document: Value = serde_json::from_str(&document).expect("JSON");
    let rule = |id: &str| document["rules"].as_array().expect("rules").iter().find(|rule| rule["id"] == id).cloned();
    assert_eq!(rule("groq-api-key").expect("the rule is on")["pack"], "ai");
    assert!(rule("stripe-secret-key").expect("built in")["pack"].is_null());
    assert!(rule("resend-api-key").is_none());
    let packs: Vec<_> =
        document["packs"].as_array().expect("packs").iter().map(|p| (p["name"].clone(), p["on"].clone())).collect();
    assert_eq!(packs, [("ai".into(), true.into()), ("cousins".into(), false.into())]);
    let lines = repo.keysweep(&["rules", "--format", "jsonl"]).expect_code(0).out();
    assert_eq!(lines.lines().filter(|line| line.contains("\"type\":\"pack\"")).count(), 2, "{lines}");
}

#[test]
fn a_rule_of_a_disabled_pack_is_explained() {
    for (pack, rule, _) in TOKENS {
        let run = Repo::none().keysweep(&["rules", rule]).expect_code(0);
        run.expect_has(rule).expect_has("To rotate it").expect_has(&format!("pack {pack}")).expect_has("https://");
    }
}

/// A valid configuration stays valid: the id of a rule is free while its pack is off.
#[test]
fn a_custom_rule_may_use_the_id_of_a_disabled_pack() {
    let rule = "[[rule]]\nid = 'groq-api-key'\nprefix = 'gsk_'\nlength = 52\nalphabet = 'alnum'\n";
    let token = expand("gsk_{alnum:52}", &mut Dice::new(9));
    let repo = Repo::new();
    repo.stage(CONFIG, rule);
    repo.stage("a.py", format!("{token}\n"));
    let finding = repo.staged().expect_code(1).only_finding();
    assert_eq!(finding["severity"], "medium");
    repo.stage(CONFIG, format!("[rules]\npacks = ['ai']\n{rule}"));
    repo.staged().expect_code(2).expect_has("groq-api-key").expect_has("pack ai");
}

/// Report texts of a custom rule must not contain a token of a pack.
#[test]
fn texts_of_a_custom_rule_must_not_contain_a_token_of_a_pack() {
    let (.., token) = &tokens()[0];
    let repo = Repo::new();
    repo.stage(CONFIG, format!("{BOTH}\n[[rule]]\nid = 'acme'\nprefix = 'acme_'\nvendor = 'x {token}'\n"));
    repo.staged().expect_code(2).expect_lacks(token).expect_has("acme");
}

/// A key with `sk-proj-` and no known marker in the middle is most likely base64url. A short span would leave its rest
/// in the history.
#[test]
fn an_unknown_base64url_body_has_a_complete_span() {
    let rules = with_all_packs();
    let detector = Detector::new(&rules);
    let is_whole = |seed: &u64| {
        let token = expand("sk-proj-{base64url:96}", &mut Dice::new(*seed));
        matches!(detector.find(token.as_bytes()).as_slice(), [hit] if hit.span == (0..token.len()))
    };
    let whole = (0..1_000).filter(is_whole).count();
    assert!(whole >= 990, "{whole} of 1000");
    let token = expand("sk-proj-{alnum:96}", &mut Dice::new(1));
    let text = format!("{token}-rotated");
    assert_eq!(detector.find(text.as_bytes())[0].span, 0..token.len());
}
