//! What a build publishes: `client-variable` and `client-bundle`.

use crate::support::Repo;
use crate::support::token::Maker;
use crate::{expect, package};

#[test]
fn a_published_variable_is_given_no_token() {
    let mut make = Maker::new(30);
    for (package_name, prefix) in [
        ("next", "NEXT_PUBLIC_"),
        ("vite", "VITE_"),
        ("react-scripts", "REACT_APP_"),
        ("expo", "EXPO_PUBLIC_"),
        ("nuxt", "NUXT_PUBLIC_"),
        ("gatsby", "GATSBY_"),
        ("@vue/cli-service", "VUE_APP_"),
        ("astro", "PUBLIC_"),
        ("@sveltejs/kit", "PUBLIC_"),
        ("@rsbuild/core", "PUBLIC_"),
        ("laravel-mix", "MIX_"),
    ] {
        let repo = Repo::new();
        repo.stage("package.json", package(&[package_name]));
        repo.stage(".gitignore", ".env*\n");
        repo.write(".env", format!("{prefix}API_URL=https://example.org\nSTRIPE_SECRET_KEY={}\n", make.sk_live(24)));
        expect(&repo, "client-variable", "pass", &[]);
        repo.write(".env", format!("A=1\n{prefix}KEY={}\n", make.sk_live(24)));
        expect(&repo, "client-variable", "fail", &[".env:2"]);
        repo.write(".env", format!("{prefix}ATTIO_API_KEY=\n"));
        expect(&repo, "client-variable", "suspect", &[".env:1"]);
    }
}

#[test]
fn a_bare_prefix_is_public_in_some_frameworks_only() {
    let mut make = Maker::new(31);
    let repo = Repo::new();
    repo.stage("package.json", package(&["next"]));
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env", format!("PUBLIC_ATTIO_API_KEY={}\n", make.sk(24)));
    expect(&repo, "client-variable", "pass", &[]);
}

#[test]
fn publishable_keys_are_innocent() {
    let repo = Repo::new();
    repo.stage("package.json", package(&["next"]));
    repo.stage(
        ".env.example",
        "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY=pk_live_x\nNEXT_PUBLIC_CLERK_API_KEY=pk_test_x\nNEXT_PUBLIC_FIREBASE_API_KEY=x\n\
         NEXT_PUBLIC_SUPABASE_ANON_KEY=x\n",
    );
    repo.stage("src/a.ts", "fetch(process.env.NEXT_PUBLIC_MAPBOX_TOKEN)\n");
    expect(&repo, "client-variable", "pass", &[]);
}

#[test]
fn a_name_in_code_is_suspect() {
    let repo = Repo::new();
    repo.stage("package.json", package(&["vite"]));
    repo.stage("src/api.ts", "const a = 1\nconst key = import.meta.env.VITE_ATTIO_API_KEY\n");
    expect(&repo, "client-variable", "suspect", &["src/api.ts:2"]);
}

#[test]
fn the_prefix_of_vite_can_be_configured() {
    let mut make = Maker::new(32);
    let repo = Repo::new();
    repo.stage("package.json", package(&["vite"]));
    repo.stage(".gitignore", ".env*\n");
    repo.write(".env", format!("APP_KEY={}\n", make.sk_live(24)));
    expect(&repo, "client-variable", "pass", &[]);
    repo.stage("vite.config.ts", "export default defineConfig({ envPrefix: ['VITE_', 'APP_'] })\n");
    expect(&repo, "client-variable", "fail", &[".env:1"]);
}

#[test]
fn configurations_publish_without_a_prefix() {
    let repo = Repo::new();
    repo.stage("package.json", package(&["next"]));
    repo.stage(
        "next.config.js",
        "module.exports = {\n  env: {\n    API_URL: 'x',\n    ATTIO_API_KEY: process.env.ATTIO_API_KEY,\n  },\n};\n",
    );
    expect(&repo, "client-variable", "suspect", &["next.config.js:4"]);
    let repo = Repo::new();
    repo.stage("package.json", package(&["expo"]));
    repo.stage("app.config.ts", "export default {\n  extra: { attioApiKey: process.env.ATTIO_API_KEY },\n};\n");
    expect(&repo, "client-variable", "suspect", &["app.config.ts:2"]);
}

#[test]
fn a_bundle_is_scanned_where_clients_get_it() {
    let mut make = Maker::new(33);
    let repo = Repo::new();
    expect(&repo, "client-bundle", "not-applicable", &[]);
    repo.stage("package.json", package(&["next"]));
    repo.stage(".gitignore", ".next\n");
    expect(&repo, "client-bundle", "unknown", &[]);
    repo.write(".next/server/app.js", format!("f(\"{}\")\n", make.sk_live(24)));
    repo.write(".next/static/chunks/a.js", "f(1)\n");
    expect(&repo, "client-bundle", "pass", &[]);
    repo.write(".next/static/chunks/a.js.map", format!("{{\"x\":\"{}\"}}", make.sk_live(24)));
    expect(&repo, "client-bundle", "fail", &[".next/static/chunks/a.js.map:1"]);
}

#[test]
fn a_server_beside_the_client_is_left_out() {
    let mut make = Maker::new(34);
    let repo = Repo::new();
    repo.stage("apps/site/package.json", package(&["astro"]));
    repo.stage("apps/api/package.json", package(&["express"]));
    repo.stage(".gitignore", "dist\n");
    repo.write("apps/site/dist/server/a.js", format!("f(\"{}\")\n", make.sk_live(24)));
    repo.write("apps/site/dist/client/index.html", "<p>\n");
    repo.write("apps/api/dist/main.js", format!("f(\"{}\")\n", make.sk_live(24)));
    expect(&repo, "client-bundle", "pass", &[]);
    repo.write("apps/site/dist/client/a.js", format!("\nf(\"{}\")\n", make.sk_live(24)));
    expect(&repo, "client-bundle", "fail", &["apps/site/dist/client/a.js:2"]);
}
