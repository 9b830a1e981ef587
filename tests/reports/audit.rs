//! The report of an audit, and the explanation of a check.

use crate::support::Repo;
use crate::support::snapshot::Snapshot;
use crate::support::token::Maker;

fn add(shots: &mut Snapshot, title: &str, repo: &Repo, args: &[&str]) {
    let run = repo.keysweep_call(args).env("COLUMNS", "100").run();
    shots.add(title, &format!("keysweep {}", args.join(" ")), repo, &run);
}

#[test]
fn audit() {
    let mut shots = Snapshot::default();
    let mut make = Maker::new(9300);
    let repo = Repo::new();
    repo.stage("README.md", "words\n");
    add(&mut shots, "a repository without anything to check", &repo, &["audit"]);
    let (live, test) = (make.sk_live(24), make.sk_test(24));
    repo.stage("package.json", "{ \"dependencies\": { \"next\": \"15.0.0\" } }\n");
    repo.stage(".gitignore", "node_modules\n.env*.local\n");
    repo.stage(".env.production", format!("STRIPE_SECRET_KEY={live}\n"));
    repo.write(".env.local", format!("STRIPE_SECRET_KEY={live}\nSTRIPE_WEBHOOK_SECRET={}\n", make.whsec_base64(32)));
    repo.stage("src/app/page.tsx", "const key = process.env.NEXT_PUBLIC_ATTIO_API_KEY\n");
    repo.stage("Dockerfile", "FROM node:22\nARG STRIPE_SECRET_KEY\nENV STRIPE_SECRET_KEY=$STRIPE_SECRET_KEY\n");
    repo.stage("src/billing.ts", format!("const stripe = new Stripe(\"{test}\")\n"));
    add(&mut shots, "a repository with many faults", &repo, &["audit"]);
    add(&mut shots, "the same, problems only", &repo, &["audit", "--quiet", "env-shared", "image-layer", "scopes"]);
    add(&mut shots, "one check", &repo, &["audit", "image-layer", "--strict"]);
    add(&mut shots, "an explanation", &repo, &["audit", "--explain", "env-ignored"]);
    add(&mut shots, "no such check", &repo, &["audit", "env-ignore"]);
    repo.write(
        ".keysweep.toml",
        format!(
            "[audit]\naccept = [\n  {{ check = \"keys-in-code\", reason = \"the demo is public\", until = 2999-01-31 }},\n  \
             {{ check = \"env-shared\", reason = \"one workspace\", until = 2025-01-31 }},\n]\n\n[[token]]\nfingerprint = \"{}\"\n\
             owner = \"billing\"\nenvironment = \"production\"\ncreated = 2024-01-01\nrotate_by = 2025-01-01\n",
            live.fingerprint()
        ),
    );
    add(&mut shots, "accepted checks, and a ledger", &repo, &["audit"]);
    shots.check("audit");
}
