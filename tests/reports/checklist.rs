//! The outputs in `docs/checklist.md` are those of the commands above them. `BLESS=1 cargo test --test reports` writes them anew.

use std::fmt::Write as _;
use std::fs;

use crate::support::Repo;
use crate::support::runner::ours;
use crate::support::token::{Maker, Token};

#[test]
fn the_outputs_of_the_checklist_are_real() {
    let path = ours("docs/checklist.md");
    let page = fs::read_to_string(&path).expect("the page");
    let (repo, live) = example();
    let (mut written, mut blocks) = (String::new(), 0);
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        writeln!(written, "{line}").expect("writing to memory");
        let typed = line.strip_prefix("$ ").unwrap_or_default();
        let (stdin, command) = match typed.split_once("\" | ") {
            Some(("printf %s \"$STRIPE_SECRET_KEY", command)) => (live.text(), command),
            _ => ("", typed),
        };
        let Some(command) = command.strip_prefix("keysweep ") else { continue };
        let words: Vec<&str> = command.split(' ').collect();
        let run = repo.keysweep_call(&words).env("COLUMNS", "100").stdin(stdin).run();
        write!(written, "{}", run.out()).expect("writing to memory");
        // The commands below show the example as it is without this one.
        repo.git(&["checkout", "-q", "--", ".keysweep.toml"]);
        for line in lines.by_ref().skip_while(|line| *line != "```").take(1) {
            writeln!(written, "{line}").expect("writing to memory");
        }
        blocks += 1;
    }
    assert!(blocks >= 10, "{blocks}");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &written).expect("write the page");
    }
    let page = fs::read_to_string(&path).expect("the page");
    assert!(page == written, "docs/checklist.md is stale; `BLESS=1 cargo test --test reports` writes its outputs anew");
}

/// A Next.js application with most of the usual mistakes, and its live Stripe key.
fn example() -> (Repo, Token) {
    let mut make = Maker::new(9400);
    let repo = Repo::new();
    let (live, test, attio) = (make.sk_live(24), make.sk_test(24), make.sk(32));
    repo.stage("package.json", "{ \"dependencies\": { \"next\": \"15.0.0\" } }\n");
    repo.stage(".gitignore", "node_modules\n.next\n.env*.local\n*.log\n");
    repo.stage(".env.example", "ATTIO_API_KEY=sk_your_token_here\n");
    repo.write(".env.local", format!("ATTIO_API_KEY={attio}\nSTRIPE_SECRET_KEY={test}\n"));
    repo.write(".env.production.local", format!("ATTIO_API_KEY={attio}\nSTRIPE_SECRET_KEY={live}\n"));
    repo.stage("src/billing.ts", format!("const stripe = new Stripe(\"{live}\")\n"));
    repo.stage(
        "src/crm.ts",
        "export const people = () =>\n  fetch('https://api.attio.com/v2/objects/people/records/query', { method: 'POST' })\n",
    );
    repo.stage("src/app/page.tsx", "const key = process.env.NEXT_PUBLIC_ATTIO_API_KEY\n");
    repo.write(".next/static/chunks/app.js", "\"use client\"\n");
    repo.write("server.log", format!("POST /v2/objects Authorization: Bearer {attio}\n"));
    repo.stage(
        "src/app/api/webhooks/attio/route.ts",
        "export async function POST(req: Request) {\n  const body = await req.json()\n  \
         const expected = createHmac('sha256', secret).update(JSON.stringify(body)).digest('hex')\n  \
         if (expected !== req.headers.get('attio-signature')) return new Response(null, { status: 401 })\n  \
         await sync(body)\n}\n",
    );
    repo.stage("Dockerfile", "FROM node:22\nARG ATTIO_API_KEY\nRUN npm run build\n");
    repo.stage(
        ".keysweep.toml",
        format!(
            "[[token]]\nfingerprint = \"{}\"\nowner = \"sales tools\"\nenvironment = \"development\"\ncreated = 2024-01-02\n\
             rotate_by = 2025-01-02\nscopes = [\"record_permission:read\"]\n",
            attio.fingerprint()
        ),
    );
    repo.commit("Add billing");
    (repo, live)
}
