//! Env files: `env-ignored` and `env-shared`.

use std::os::unix::fs::symlink;

use crate::support::Repo;
use crate::support::token::Maker;
use crate::{expect, package};

const NEXT_IGNORE: &str = "node_modules\n.next\n.env\n.env.local\n.env.*.local\n";

#[test]
fn a_repository_without_env_files_is_not_asked() {
    let repo = Repo::new();
    repo.stage("README.md", "words\n");
    expect(&repo, "env-ignored", "not-applicable", &[]);
    expect(&repo, "env-shared", "not-applicable", &[]);
}

#[test]
fn ignored_env_files_of_next_pass() {
    let mut make = Maker::new(1);
    let repo = Repo::new();
    repo.stage("package.json", package(&["next"]));
    repo.stage(".gitignore", NEXT_IGNORE);
    repo.write(".env.local", format!("ATTIO_API_KEY={}\n", make.sk_live(24)));
    repo.stage(".env.example", "ATTIO_API_KEY=sk_your_token_here\n");
    expect(&repo, "env-ignored", "pass", &[]);
}

#[test]
fn names_that_a_framework_reads_must_be_ignored() {
    let repo = Repo::new();
    repo.stage("package.json", package(&["vite"]));
    expect(&repo, "env-ignored", "fail", &[".env", ".env.local", ".env.production.local"]);
    repo.stage(".gitignore", "*.local\n");
    expect(&repo, "env-ignored", "fail", &[".env"]);
    repo.stage(".gitignore", ".env*\n!.env.example\n");
    expect(&repo, "env-ignored", "pass", &[]);
}

#[test]
fn other_languages_are_asked_about_env_alone() {
    for (manifest, text) in [
        ("requirements.txt", "django\npython-dotenv\n"),
        ("Gemfile", "gem 'dotenv-rails'\n"),
        ("go.mod", "module a\nrequire github.com/joho/godotenv v1.5.1\n"),
        ("composer.json", "{ \"require\": { \"vlucas/phpdotenv\": \"^5.6\" } }\n"),
    ] {
        let repo = Repo::new();
        repo.stage(manifest, text);
        expect(&repo, "env-ignored", "fail", &[".env"]);
        repo.stage(".gitignore", "/.env\n");
        expect(&repo, "env-ignored", "pass", &[]);
    }
}

#[test]
fn a_tracked_env_file_fails_with_a_token_and_is_suspect_without() {
    let mut make = Maker::new(2);
    let repo = Repo::new();
    repo.stage(".gitignore", ".env\n");
    repo.stage(".env", "API_URL=https://example.org\n");
    expect(&repo, "env-ignored", "suspect", &[".env"]);
    repo.stage(".env", format!("A=b\nSTRIPE_SECRET_KEY={}\n", make.sk_live(24)));
    expect(&repo, "env-ignored", "fail", &[".env:2"]);
}

#[test]
fn an_unignored_env_file_fails() {
    let mut make = Maker::new(3);
    let repo = Repo::new();
    repo.stage("README.md", "words\n");
    for name in [".env", ".envrc", ".dev.vars", "functions/.secret.local", "config/prod.env"] {
        repo.write(name, format!("export STRIPE_SECRET_KEY='{}'\n", make.sk_test(24)));
        let check = crate::check(&repo, "env-ignored");
        assert_eq!(check["status"], "fail", "{name}: {check:#}");
        assert!(check["places"].as_array().is_some_and(|all| all.iter().any(|one| one["path"] == name)), "{check:#}");
        std::fs::remove_file(repo.path(name)).expect("remove");
    }
}

#[test]
fn templates_hold_placeholders_only() {
    let mut make = Maker::new(4);
    for name in [".env.example", ".env.sample", ".env.template", ".env.dist", ".dev.vars.example"] {
        let repo = Repo::new();
        repo.stage(".gitignore", ".env\n.env.local\n");
        repo.stage(name, "ATTIO_API_KEY=sk_your_token_here\n");
        expect(&repo, "env-ignored", "pass", &[]);
        repo.stage(name, format!("ATTIO_API_KEY={}\n", make.sk(24)));
        expect(&repo, "env-ignored", "fail", &[&format!("{name}:1")]);
    }
}

#[test]
fn encrypted_values_are_no_secrets() {
    let repo = Repo::new();
    repo.stage(".gitignore", "/.env.local\n.env.keys\n");
    let encrypted = "DOTENV_PUBLIC_KEY=\"02ab\"\nATTIO_API_KEY=\"encrypted:BGx7\"\n";
    repo.stage(".env", encrypted);
    expect(&repo, "env-ignored", "pass", &[]);
    repo.stage(".env", "ATTIO_API_KEY=ENC[AES256_GCM,data:x]\nsops_version=3.8\n");
    expect(&repo, "env-ignored", "pass", &[]);
    repo.stage(".env.keys", "DOTENV_PRIVATE_KEY=ab\n");
    expect(&repo, "env-ignored", "fail", &[".env.keys"]);
}

#[test]
fn the_key_of_rails_must_not_be_tracked() {
    let repo = Repo::new();
    repo.stage("Gemfile", "gem 'rails'\n");
    let digits: String = "0123456789abcdef".chars().cycle().take(32).collect();
    repo.stage("config/master.key", digits);
    expect(&repo, "env-ignored", "fail", &["config/master.key"]);
    repo.git(&["rm", "-q", "--cached", "config/master.key"]);
    repo.stage(".gitignore", "/config/master.key\n/.env*\n");
    expect(&repo, "env-ignored", "pass", &[]);
}

#[test]
fn env_files_of_compose_count_whatever_their_name() {
    let mut make = Maker::new(5);
    let repo = Repo::new();
    repo.stage("deploy/compose.yaml", "services:\n  web:\n    env_file:\n      - ./web.settings\n");
    repo.stage("deploy/web.settings", format!("STRIPE_SECRET_KEY={}\n", make.sk_live(24)));
    expect(&repo, "env-ignored", "fail", &["deploy/web.settings:1"]);
}

#[test]
fn rules_of_this_machine_protect_no_other_clone() {
    let repo = Repo::new();
    repo.stage("package.json", package(&["dotenv"]));
    repo.write(".git/info/exclude", ".env\n");
    let check = expect(&repo, "env-ignored", "suspect", &[".env"]);
    assert!(check["why"].as_str().is_some_and(|why| why.contains(".git/info/exclude")), "{check:#}");
}

#[test]
fn every_package_root_counts() {
    let repo = Repo::new();
    repo.stage("package.json", "{ \"workspaces\": [\"apps/*\"] }\n");
    repo.stage("apps/web/package.json", package(&["next"]));
    repo.stage("apps/web/.gitignore", ".env*\n");
    repo.stage("apps/api/package.json", package(&["dotenv"]));
    repo.stage("apps/site/package.json", package(&["astro"]));
    repo.stage("apps/site/.gitignore", ".env*\n");
    repo.stage("apps/site/node_modules/x/package.json", package(&["dotenv"]));
    expect(&repo, "env-ignored", "fail", &["apps/api/.env"]);
}

#[test]
fn an_env_file_in_an_ignored_folder_is_read() {
    let mut make = Maker::new(6);
    let token = make.sk(24);
    let repo = Repo::new();
    repo.stage(".gitignore", "secrets/\n");
    repo.write("secrets/prod.env", format!("STRIPE_SECRET_KEY={token}\n"));
    repo.write("secrets/dev.env", format!("STRIPE_SECRET_KEY={token}\n"));
    expect(&repo, "env-ignored", "pass", &[]);
    expect(&repo, "env-shared", "fail", &["secrets/dev.env:1", "secrets/prod.env:1"]);
}

#[test]
fn an_env_file_may_be_a_link_inside_the_repository() {
    let mut make = Maker::new(7);
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env", format!("STRIPE_SECRET_KEY={}\n", make.sk_test(24)));
    repo.write("apps/web/index.js", "");
    symlink("../../.env", repo.path("apps/web/.env.production")).expect("link");
    // The second place of the link is a test key in production.
    let places = [".env:1", "apps/web/.env.production:1", "apps/web/.env.production:1"];
    expect(&repo, "env-shared", "fail", &places);
}

#[test]
fn environments_have_their_own_tokens() {
    let mut make = Maker::new(8);
    let (dev, staging, prod) = (make.sk_test(24), make.sk_test(24), make.sk_live(24));
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env.local", format!("STRIPE_SECRET_KEY={dev}\n"));
    repo.write(".env", format!("STRIPE_SECRET_KEY={dev}\n"));
    expect(&repo, "env-shared", "unknown", &[]);
    repo.write(".env.staging", format!("STRIPE_SECRET_KEY={staging}\n"));
    repo.write(".env.production", format!("STRIPE_SECRET_KEY={prod}\n"));
    expect(&repo, "env-shared", "pass", &[]);
    repo.write(".env.staging", format!("A=1\nSTRIPE_SECRET_KEY={dev}\n"));
    expect(&repo, "env-shared", "fail", &[".env:1", ".env.local:1", ".env.staging:2"]);
}

#[test]
fn a_suffix_of_the_variable_names_the_environment() {
    let mut make = Maker::new(9);
    let (one, other) = (make.sk(24), make.sk(24));
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env", format!("ATTIO_API_KEY_DEV={one}\nATTIO_API_KEY_PROD={other}\n"));
    expect(&repo, "env-shared", "pass", &[]);
    repo.write(".env", format!("ATTIO_API_KEY_DEV={one}\nATTIO_API_KEY_STAGING={other}\nATTIO_API_KEY_PROD={one}\n"));
    expect(&repo, "env-shared", "fail", &[".env:1", ".env:3"]);
}

#[test]
fn a_key_of_the_wrong_mode_is_suspect() {
    let mut make = Maker::new(10);
    let repo = Repo::new();
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env.production", format!("STRIPE_SECRET_KEY={}\n", make.sk_test(24)));
    expect(&repo, "env-shared", "suspect", &[".env.production:1"]);
    repo.write(".env.production", format!("STRIPE_SECRET_KEY={}\n", make.sk_live(24)));
    repo.write(".env.development", format!("STRIPE_SECRET_KEY={}\n", make.sk_live(24)));
    expect(&repo, "env-shared", "suspect", &[".env.development:1"]);
}
