//! No setting of a user, a machine or a repository changes what is scanned.

use crate::support::token::{Maker, Token};
use crate::support::{Call, Repo, client, executable, note};

/// A repository with an old token in a file, and a new token staged two lines below it.
struct Fixture {
    repo: Repo,
    old: Token,
    new: Token,
}

const PATH: &str = "sub/Ünï code.txt";

impl Fixture {
    fn new(seed: u64) -> Self {
        let mut make = Maker::new(seed);
        let (old, new) = (make.sk_live(24), make.sk_live(24));
        let repo = Repo::new();
        repo.stage_blob(PATH, format!("top\n{}", client(&old)));
        repo.stage_blob("other.txt", "other\n");
        repo.commit("base");
        Self { repo, old, new }
    }

    fn stage_new(&self) {
        let content = format!("top\n{}between\n{}", client(&self.old), client(&self.new));
        self.repo.stage_blob(PATH, content);
    }

    fn stage_clean(&self) {
        self.repo.stage_blob(PATH, format!("top\n{}between\n", client(&self.old)));
    }
}

/// Expects that the setting changes neither the finding of the new token nor the result of a clean change.
fn expect_unaffected(setting: &str, arrange: impl Fn(&Repo), call: impl Fn(&Repo) -> Call) {
    note(format!("setting: {setting}"));
    let fixture = Fixture::new(200);
    arrange(&fixture.repo);
    fixture.stage_clean();
    call(&fixture.repo).run().expect_silent();
    fixture.stage_new();
    call(&fixture.repo).run().expect_found(&[(PATH, 4, &fixture.new)]);
}

const SETTINGS: &[(&str, &str)] = &[
    ("color.ui", "always"),
    ("color.diff", "always"),
    ("diff.external", "true"),
    ("diff.noprefix", "true"),
    ("diff.mnemonicPrefix", "true"),
    ("diff.srcPrefix", "x/"),
    ("diff.dstPrefix", "y/"),
    ("diff.relative", "true"),
    ("diff.renames", "copies"),
    ("diff.renames", "false"),
    ("diff.renameLimit", "1"),
    ("diff.algorithm", "patience"),
    ("diff.context", "0"),
    ("diff.interHunkContext", "100"),
    ("diff.ignoreSubmodules", "all"),
    ("diff.submodule", "log"),
    ("diff.wordRegex", "."),
    ("diff.colorMoved", "zebra"),
    ("diff.colorMovedWS", "ignore-all-space"),
    ("diff.suppressBlankEmpty", "true"),
    ("diff.wsErrorHighlight", "all"),
    ("diff.orderFile", "/dev/null"),
    ("diff.default.binary", "true"),
    ("diff.default.command", "true"),
    ("diff.default.textconv", "true"),
    ("interactive.diffFilter", "true"),
    ("core.quotePath", "false"),
    ("core.quotePath", "true"),
    ("core.pager", "false"),
    ("core.autocrlf", "true"),
    ("core.autocrlf", "input"),
    ("core.eol", "crlf"),
    ("core.safecrlf", "true"),
    ("core.whitespace", "cr-at-eol"),
    ("core.bigFileThreshold", "1"),
    ("core.ignoreCase", "true"),
    ("core.precomposeUnicode", "true"),
    ("core.protectNTFS", "true"),
    ("core.fileMode", "false"),
    ("core.symlinks", "false"),
    ("core.trustctime", "false"),
    ("core.checkStat", "minimal"),
    ("core.preloadIndex", "true"),
    ("core.untrackedCache", "true"),
    ("core.fsmonitor", "false"),
    ("core.sparseCheckout", "true"),
    ("core.splitIndex", "true"),
    ("core.commitGraph", "false"),
    ("core.multiPackIndex", "false"),
    ("core.useReplaceRefs", "true"),
    ("core.abbrev", "4"),
    ("core.abbrev", "no"),
    ("core.excludesFile", "/dev/null"),
    ("core.hooksPath", "/dev/null"),
    ("core.logAllRefUpdates", "always"),
    ("core.looseCompression", "0"),
    ("core.packedGitLimit", "1"),
    ("core.packedGitWindowSize", "1"),
    ("core.deltaBaseCacheLimit", "1"),
    ("core.compression", "9"),
    ("core.editor", "false"),
    ("core.warnAmbiguousRefs", "false"),
    ("core.attributesFile", "/dev/null"),
    ("submodule.recurse", "true"),
    ("status.showUntrackedFiles", "no"),
    ("status.renames", "copies"),
    ("status.relativePaths", "false"),
    ("index.version", "4"),
    ("index.skipHash", "true"),
    ("index.sparse", "true"),
    ("index.threads", "true"),
    ("index.recordEndOfIndexEntries", "true"),
    ("index.recordOffsetTable", "true"),
    ("feature.manyFiles", "true"),
    ("feature.experimental", "true"),
    ("transfer.hideRefs", "refs/heads"),
    ("log.showSignature", "true"),
    ("i18n.logOutputEncoding", "UTF-16"),
    ("i18n.commitEncoding", "UTF-16"),
    ("pager.diff", "false"),
    ("alias.diff", "!true"),
    ("alias.staged", "!true"),
    ("grep.lineNumber", "false"),
    ("grep.patternType", "fixed"),
    ("gc.auto", "0"),
    ("pack.threads", "1"),
    ("safe.directory", ""),
    ("user.useConfigOnly", "true"),
    ("commit.verbose", "true"),
    ("commit.gpgSign", "true"),
    ("keysweep.allow", "**"),
    ("hooks.gitleaks", "false"),
];

#[test]
fn no_setting_of_the_repository_changes_what_is_scanned() {
    for (key, value) in SETTINGS {
        let set = |repo: &Repo| drop(repo.git(&["config", key, value]));
        expect_unaffected(&format!("{key} = {value}"), set, Repo::staged_call);
    }
}

#[test]
fn no_setting_given_in_the_environment_changes_what_is_scanned() {
    for (key, value) in SETTINGS {
        expect_unaffected(
            &format!("{key} = {value} in the environment"),
            |_| {},
            |repo| {
                repo.staged_call()
                    .env("GIT_CONFIG_COUNT", "1")
                    .env("GIT_CONFIG_KEY_0", key)
                    .env("GIT_CONFIG_VALUE_0", value)
            },
        );
    }
}

#[test]
fn no_user_setting_changes_what_is_scanned() {
    let file = "[color]\nui=always\n[diff]\nnoprefix\nexternal=true\n[core]\nattributesFile=~/attributes\n";
    for variable in ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"] {
        let arrange = |repo: &Repo| {
            std::fs::write(repo.base().join("gitconfig"), file).expect("write");
            std::fs::write(repo.base().join("attributes"), "* -diff -text binary\n").expect("write");
        };
        expect_unaffected(variable, arrange, |repo| {
            let config = repo.base().join("gitconfig");
            repo.staged_call().env("GIT_CONFIG_NOSYSTEM", "0").env(variable, config)
        });
    }
}

#[test]
fn no_variable_of_git_changes_what_is_scanned() {
    for (name, value) in [
        ("GIT_EXTERNAL_DIFF", "true"),
        ("GIT_DIFF_OPTS", "--unified=0"),
        ("GIT_PAGER", "false"),
        ("PAGER", "false"),
        ("GIT_PAGER_IN_USE", "true"),
        ("GIT_LITERAL_PATHSPECS", "1"),
        ("GIT_GLOB_PATHSPECS", "1"),
        ("GIT_NOGLOB_PATHSPECS", "1"),
        ("GIT_ICASE_PATHSPECS", "1"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_PREFIX", "sub/"),
        ("GIT_REFLOG_ACTION", "commit"),
        ("GIT_EDITOR", ":"),
        ("GIT_ATTR_NOSYSTEM", "1"),
        ("GIT_ATTR_SOURCE", "HEAD"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
        ("GIT_REPLACE_REF_BASE", "refs/heads"),
        ("GIT_NAMESPACE", "elsewhere"),
        ("GIT_DEFAULT_HASH", "sha256"),
        ("GIT_DEFAULT_REF_FORMAT", "reftable"),
        ("GIT_INDEX_VERSION", "4"),
        ("GIT_CEILING_DIRECTORIES", "/"),
        ("GIT_DISCOVERY_ACROSS_FILESYSTEM", "1"),
        ("GIT_TEST_SPLIT_INDEX", "1"),
        ("GIT_CONFIG_PARAMETERS", "'color.ui=always' 'diff.noprefix=true'"),
        ("GIT_TRACE", "0"),
        ("GIT_FLUSH", "1"),
        ("TERM", "dumb"),
        ("COLUMNS", "1"),
        ("LC_ALL", "en_US.UTF-8"),
        ("LANG", "tr_TR.UTF-8"),
        ("CLICOLOR_FORCE", "1"),
        ("NO_COLOR", "1"),
        ("CI", "true"),
        ("RUST_BACKTRACE", "full"),
    ] {
        expect_unaffected(&format!("{name}={value}"), |_| {}, |repo| repo.staged_call().env(name, value));
    }
}

#[test]
fn no_attribute_changes_what_is_scanned() {
    type Holder = (&'static str, fn(&Repo, &str));
    let holders: [Holder; 3] = [
        ("worktree .gitattributes", |repo, text| repo.write(".gitattributes", text)),
        ("staged .gitattributes", |repo, text| drop(repo.stage_blob(".gitattributes", text))),
        (".git/info/attributes", |repo, text| repo.write(".git/info/attributes", text)),
    ];
    for attribute in [
        "-diff",
        "binary",
        "-text",
        "text eol=crlf",
        "diff=quiet",
        "filter=hide",
        "working-tree-encoding=UTF-16LE",
        "ident",
        "export-ignore",
        "linguist-generated",
        "linguist-vendored",
        "-merge",
        "merge=ours",
        "filter=lfs diff=lfs merge=lfs -text",
        "whitespace=-all",
        "gitleaks-ignore",
        "-keysweep",
    ] {
        for (holder, write) in &holders {
            let arrange = |repo: &Repo| {
                for (key, value) in [
                    ("diff.quiet.textconv", "true"),
                    ("diff.quiet.command", "true"),
                    ("diff.quiet.binary", "true"),
                    ("filter.hide.clean", "sed s/sk_/XX/g"),
                    ("filter.hide.smudge", "sed s/sk_/XX/g"),
                    ("filter.hide.required", "true"),
                ] {
                    repo.git(&["config", key, value]);
                }
                write(repo, &format!("* {attribute}\n"));
            };
            expect_unaffected(&format!("{attribute} in {holder}"), arrange, Repo::staged_call);
        }
    }
}

#[test]
fn an_empty_order_file_changes_nothing() {
    let arrange = |repo: &Repo| {
        repo.write("order", "nothing\n");
        repo.git(&["config", "diff.orderFile", "order"]);
    };
    expect_unaffected("diff.orderFile", arrange, Repo::staged_call);
}

#[test]
fn a_file_system_monitor_that_reports_no_change_hides_nothing() {
    let arrange = |repo: &Repo| {
        let monitor = repo.base().join("monitor");
        executable(&monitor, "#!/bin/sh\nprintf 'token\\0'\n");
        repo.git(&["config", "core.fsmonitor", monitor.to_str().expect("UTF-8")]);
        repo.git(&["config", "core.fsmonitorHookVersion", "2"]);
        repo.git(&["update-index", "--fsmonitor"]);
    };
    expect_unaffected("core.fsmonitor", arrange, Repo::staged_call);
}

#[test]
fn assume_unchanged_and_skip_worktree_hide_nothing() {
    for flag in ["--assume-unchanged", "--skip-worktree"] {
        let fixture = Fixture::new(201);
        fixture.repo.write(PATH, "x\n");
        fixture.stage_new();
        fixture.repo.git(&["update-index", flag, PATH]);
        fixture.repo.staged().expect_found(&[(PATH, 4, &fixture.new)]);
    }
}

#[test]
fn the_output_of_a_clean_filter_is_scanned() {
    let token = Maker::new(202).sk_live(24);
    let repo = Repo::new();
    repo.write(".git/real", client(&token));
    repo.git(&["config", "filter.swap.clean", "cat .git/real"]);
    repo.write(".git/info/attributes", "* filter=swap\n");
    repo.stage("a.txt", "innocent in the worktree\n");
    repo.staged().expect_found(&[("a.txt", 1, &token)]);
}

#[test]
fn a_utf16_worktree_file_is_scanned_as_committed() {
    let token = Maker::new(203).sk_live(24);
    let repo = Repo::new();
    repo.write(".git/info/attributes", "*.txt working-tree-encoding=UTF-16LE\n");
    let text = format!("first\n{}", client(&token));
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    repo.stage("a.txt", utf16);
    repo.staged().expect_found(&[("a.txt", 2, &token)]);
}

#[test]
fn a_replaced_blob_is_read_as_it_will_be_committed() {
    let fixture = Fixture::new(204);
    fixture.stage_new();
    let staged = fixture.repo.git(&["rev-parse", &format!(":{PATH}")]).line();
    let innocent = fixture.repo.blob("innocent\n");
    fixture.repo.git(&["replace", &staged, &innocent]);
    fixture.repo.staged().expect_found(&[(PATH, 4, &fixture.new)]);
}

#[test]
fn a_replaced_head_does_not_make_a_new_token_old() {
    let fixture = Fixture::new(205);
    fixture.stage_new();
    let tree = fixture.repo.git(&["write-tree"]).line();
    let head = fixture.repo.git(&["rev-parse", "HEAD"]).line();
    let forged = fixture.repo.git(&["commit-tree", &tree, "-m", "forged"]).line();
    fixture.repo.git(&["replace", &head, &forged]);
    fixture.repo.staged().expect_found(&[(PATH, 4, &fixture.new)]);
}

#[test]
fn a_replaced_tree_or_old_blob_does_not_make_a_new_token_old() {
    for name in ["HEAD^{tree}", &format!("HEAD:{PATH}"), "HEAD:sub"] {
        let fixture = Fixture::new(206);
        fixture.stage_new();
        let written = fixture.repo.git(&["write-tree"]).line();
        let new_name = name.replace("HEAD:", &format!("{written}:")).replace("HEAD^{tree}", &written);
        let old = fixture.repo.git(&["rev-parse", name]).line();
        let new = fixture.repo.git(&["rev-parse", &new_name]).line();
        fixture.repo.git(&["replace", &old, &new]);
        fixture.repo.staged().expect_found(&[(PATH, 4, &fixture.new)]);
    }
}
