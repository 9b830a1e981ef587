//! The procedure of a rotation.

use crate::support::Repo;
use crate::support::snapshot::Snapshot;

fn add(shots: &mut Snapshot, title: &str, repo: &Repo, args: &[&str]) {
    let run = repo.keysweep_call(args).env("COLUMNS", "100").run();
    shots.add(title, &format!("keysweep {}", args.join(" ")), repo, &run);
}

#[test]
fn rotate() {
    let mut shots = Snapshot::default();
    let repo = Repo::new();
    add(&mut shots, "a repository that shows no platform", &repo, &["rotate", "yoco"]);
    repo.stage(".github/workflows/deploy.yml", "env:\n  ATTIO_API_KEY: ${{ secrets.ATTIO_API_KEY }}\n");
    repo.stage("vercel.json", "{}\n");
    repo.stage(".env.example", "ATTIO_API_KEY=sk_your_token_here\nATTIO_WEBHOOK_SECRET=\n");
    repo.stage("src/crm.ts", "const attio = new Attio(process.env.ATTIO_API_KEY)\n");
    repo.stage("infra/main.tf", "variable \"region\" {}\n");
    add(&mut shots, "a repository with some platforms", &repo, &["rotate", "attio"]);
    add(&mut shots, "a vendor that no file names", &repo, &["rotate", "stripe"]);
    repo.stage(
        "src/people.ts",
        "fetch('https://api.attio.com/v2/objects/people')\nfetch(`https://api.attio.com/v2/${path}`)\n\
         fetch('https://api.attio.com/v2/invoices')\n",
    );
    add(&mut shots, "the scopes that the calls need", &repo, &["scopes"]);
    add(&mut shots, "no such vendor", &repo, &["rotate", "atio"]);
    shots.check("rotate");
}
