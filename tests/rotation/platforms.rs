//! The commands for each platform.

use serde_json::json;

use crate::support::token::Maker;
use crate::support::{Repo, client, text};
use crate::{commands, rotate, run};

const KUBERNETES: &str = "apiVersion: apps/v1\nkind: Deployment\nspec:\n  env:\n    - name: ATTIO_API_KEY\n      valueFrom:\n        \
                          secretKeyRef:\n          name: crm\n          key: token\n";

/// A file of each platform, and the command that stores the token there.
const PLATFORMS: &[(&str, &str, &str)] = &[
    (".github/workflows/a.yml", "env: ${{ secrets.ATTIO_API_KEY }}", "gh secret set ATTIO_API_KEY"),
    ("web/vercel.json", "{}", "vercel env add ATTIO_API_KEY production --force --cwd web"),
    ("fly.toml", "app = 'a'", "fly secrets import"),
    ("api/fly.prod.toml", "app = 'a'", "fly secrets import --config api/fly.prod.toml"),
    ("netlify.toml", "[build]", "netlify env:import /dev/stdin > /dev/null"),
    ("Procfile", "web: a", "heroku api PATCH /apps/APP/config-vars > /dev/null"),
    ("wrangler.toml", "name = 'a'", "npx wrangler secret put ATTIO_API_KEY"),
    ("w/wrangler.jsonc", "{}", "npx wrangler secret put ATTIO_API_KEY --config w/wrangler.jsonc"),
    ("p/wrangler.toml", "pages_build_output_dir = 'd'", "npx wrangler pages secret put ATTIO_API_KEY)"),
    (
        "run.sh",
        "gcloud run deploy --set-secrets=A=attio-token:latest",
        "gcloud secrets versions add attio-token --data-file=-",
    ),
    (
        "ssm.yml",
        "x: '{{resolve:ssm-secure:/crm/attio-token}}'",
        "aws ssm put-parameter --name /crm/attio-token --type SecureString --overwrite --value file:///dev/stdin",
    ),
    ("k8s/a.yaml", KUBERNETES, "kubectl patch secret crm --type merge --patch-file /dev/stdin"),
    ("infra/a.tf", "variable \"attio_api_key\" {}", "terraform -chdir=infra apply"),
];

#[test]
fn each_platform_has_its_command_and_no_other() {
    for (path, content, wanted) in PLATFORMS {
        let repo = Repo::new();
        repo.stage("src/crm.ts", "const key = process.env.ATTIO_API_KEY\n");
        let without = commands(&rotate(&repo, "attio")["plan"], "store");
        assert_eq!(without.len(), 1, "{without:?}");
        repo.stage(path, content);
        let document = rotate(&repo, "attio");
        let found = commands(&document["plan"], "store");
        let matching = found.iter().filter(|command| command.ends_with(wanted)).count();
        assert_eq!(matching, 1, "{path}: {found:#?}");
        let stores = found.iter().filter(|command| command.contains("$new_attio_access_token")).count();
        assert_eq!(stores, 1, "{path}: {found:#?}");
        assert_eq!(document["errors"], json!([]), "{path}");
    }
}

/// A repository with all platforms.
fn everything() -> Repo {
    let repo = Repo::new();
    repo.stage("src/crm.ts", "const key = process.env.ATTIO_API_KEY\n");
    for (path, content, _) in PLATFORMS {
        repo.stage(path, content);
    }
    repo.stage("compose.yaml", "services:\n  a:\n    environment:\n      - ATTIO_API_KEY\n");
    repo
}

#[test]
fn commands_get_the_token_on_standard_input_alone() {
    let mut make = Maker::new(4600);
    let (new, old) = (make.sk(32), make.sk(32));
    let repo = everything();
    let plan = &rotate(&repo, "attio")["plan"];
    let steps = ["store", "verify", "prove", "record"];
    let all: Vec<String> = steps.iter().flat_map(|step| commands(plan, step)).collect();
    for shell in ["sh", "bash"] {
        let calls = run(&repo, shell, &all, &format!("{new}\n{old}\n"));
        assert!(!calls.args.contains(new.body()) && !calls.args.contains(old.body()), "{}", calls.args);
        for program in
            ["gh", "vercel", "fly", "netlify", "heroku", "npx", "gcloud", "aws", "kubectl", "docker", "terraform"]
        {
            assert!(
                calls.args.lines().any(|line| line.starts_with(&format!("{program} "))),
                "{program}: {}",
                calls.args
            );
        }
        assert!(calls.args.contains("TF_VAR_attio_api_key\n"), "{}", calls.args);
        assert!(!calls.args.contains("printf "), "the shell has its own printf: {}", calls.args);
        // Twelve platforms, the question about the new token, and the ledger.
        let count = |of: &str| calls.stdin.matches(of).count();
        assert_eq!((count(new.text()), count(old.text())), (14, 1), "{}", calls.stdin);
        for pair in [
            format!("\nATTIO_API_KEY={new}\n"),
            format!("{{\"ATTIO_API_KEY\":\"{new}\"}}"),
            format!("{{\"stringData\":{{\"token\":\"{new}\"}}}}"),
        ] {
            assert!(calls.stdin.contains(&pair), "{pair}: {}", calls.stdin);
        }
    }
}

#[test]
fn the_plan_of_a_history_has_the_same_commands() {
    let mut make = Maker::new(4601);
    let repo = everything();
    repo.stage("attio.env", format!("ATTIO_API_KEY={}\n", make.hex(64)));
    repo.commit("with a token");
    let of_history = repo.keysweep(&["history", "--format", "json"]).expect_code(1).json();
    let (history, rotate) = (&of_history["summary"]["plan"], &rotate(&repo, "attio")["plan"]);
    for step in ["store", "verify", "prove", "record"] {
        assert_eq!(commands(history, step), commands(rotate, step), "{step}");
        assert!(!commands(rotate, step).is_empty(), "{step}");
    }
}

/// The new token must not be stored where a build publishes it.
#[test]
fn a_variable_in_the_client_code_is_named_and_gets_no_token() {
    for prefix in ["NEXT_PUBLIC_", "VITE_", "EXPO_PUBLIC_", "PUBLIC_", "REACT_APP_"] {
        let repo = Repo::new();
        repo.stage("vercel.json", "{}");
        repo.stage("a.ts", format!("process.env.{prefix}ATTIO_API_KEY\n"));
        repo.stage(".github/workflows/a.yml", format!("env: ${{{{ secrets.{prefix}ATTIO_API_KEY }}}}\n"));
        let document = rotate(&repo, "attio");
        let plan = document["plan"].as_array().cloned().unwrap_or_default();
        let store = plan.iter().find(|step| step["step"] == "store").expect("a step");
        let first = text(&store["list"][0]);
        assert!(first.starts_with(&format!("{prefix}ATTIO_API_KEY: ")), "{first}");
        assert!(first.ends_with("so first rename it to ATTIO_API_KEY and read it on the server only"), "{first}");
        let found = commands(&document["plan"], "store");
        assert!(
            found.iter().any(|command| command.ends_with("vercel env add ATTIO_API_KEY production --force")),
            "{found:#?}"
        );
        assert!(found.iter().any(|command| command.ends_with("gh secret set ATTIO_API_KEY")), "{found:#?}");
        assert!(!found.concat().contains(prefix), "{found:#?}");
    }
}

#[test]
fn the_namespace_of_a_manifest_is_in_the_commands() {
    let repo = Repo::new();
    let manifest = KUBERNETES.replace("spec:", "metadata:\n  name: crm\n  namespace: sales\nspec:");
    repo.stage("a.yaml", manifest);
    let found = commands(&rotate(&repo, "attio")["plan"], "store");
    let ends =
        ["kubectl patch secret crm -n sales --type merge --patch-file /dev/stdin", "deployment/DEPLOYMENT -n sales"];
    for end in ends {
        assert!(found.iter().any(|command| command.ends_with(end)), "{end}: {found:#?}");
    }
}

#[test]
fn a_terraform_file_with_several_stores_mixes_no_names() {
    let repo = Repo::new();
    repo.stage(
        "a.tf",
        "resource \"google_secret_manager_secret\" \"a\" {\n  secret_id = \"attio-api-key\"\n}\n\
         resource \"aws_ssm_parameter\" \"a\" {\n  name = \"/crm/attio-token\"\n}\n\
         resource \"azurerm_key_vault_secret\" \"a\" {\n  name = \"az-attio-token\"\n}\n",
    );
    let found = commands(&rotate(&repo, "attio")["plan"], "store");
    let count = |text: &str| found.iter().filter(|command| command.contains(text)).count();
    assert_eq!((count("gcloud secrets versions add attio-api-key"), count("gcloud ")), (1, 1), "{found:#?}");
    assert_eq!((count("aws ssm put-parameter --name /crm/attio-token"), count("aws ")), (1, 1), "{found:#?}");
    assert_eq!(count("az-attio"), 0, "{found:#?}");
}

#[test]
fn each_kind_of_token_has_its_own_variables() {
    let repo = Repo::new();
    repo.stage("vercel.json", "{}");
    repo.stage("a.ts", "process.env.ATTIO_API_KEY\nprocess.env.ATTIO_WEBHOOK_SECRET\nprocess.env.STRIPE_API_KEY\n");
    let document = rotate(&repo, "ATTIO");
    assert_eq!(document["tokens"], json!(["Attio access token", "Attio webhook secret"]));
    assert_eq!(document["others"], json!(["Attio OAuth client secret"]));
    let found = commands(&document["plan"], "store");
    let ends: Vec<&str> = found.iter().filter_map(|command| command.split(" | ").nth(1)).collect();
    assert_eq!(
        ends,
        ["vercel env add ATTIO_API_KEY production --force", "vercel env add ATTIO_WEBHOOK_SECRET production --force"]
    );
    assert_eq!(found.last().map(String::as_str), Some("vercel --prod"));
    let asked = commands(&document["plan"], "verify");
    assert_eq!(asked, ["printf %s \"$new_attio_access_token\" | keysweep verify --vendor attio --expect live"]);
}

/// A shape that several vendors share must not send the token to the one that is named near it.
#[test]
fn a_guess_asks_no_vendor() {
    let mut make = Maker::new(4602);
    let repo = Repo::new();
    repo.stage("a.py", client(&make.sk_live(24)));
    repo.commit("with a token");
    let document = repo.keysweep(&["history", "--format", "json"]).expect_code(1).json();
    let plan = &document["summary"]["plan"];
    assert!(plan.to_string().contains("new_"), "{plan:#}");
    assert!(!plan.to_string().contains("keysweep verify"), "{plan:#}");
}

#[test]
fn a_bare_repository_has_the_general_procedure() {
    let repo = Repo::init(&["--bare"]);
    let document = rotate(&repo, "nomod");
    let steps: Vec<&str> = document["plan"].as_array().into_iter().flatten().map(|step| text(&step["step"])).collect();
    assert_eq!(steps, ["rotate", "store", "verify", "revoke", "record"]);
    repo.keysweep(&["rotate", "nomodd"]).expect_code(2).expect_has("did you mean Nomod?");
}
