//! The commands that store a new token on a platform. Each gets the token on standard input, so that it is neither in the history
//! of the shell nor among the arguments of a process, which other users can read. The shell's own `printf` is no process.
//!
//! On 2026-11-29 the commands were compared with the documentation of the platforms, and those of Netlify, Heroku and Cloudflare Pages
//! with the source of their programs. `/dev/stdin` for AWS and kubectl follows public usage.

use std::collections::BTreeSet;

use super::deployment::{Name, Use};
use super::platform::Platform;
use crate::detect::is_unsafe;
use crate::finding::ShownPath;
use crate::text::word_for_shell;

/// The commands for one file of a platform.
#[derive(Default)]
pub(super) struct Commands {
    /// Stores a token.
    pub store: Vec<String>,
    /// Makes the running program read it, if storing it does not.
    pub deploy: Vec<String>,
}

/// `variable` is the shell variable with the new token. Without a name, the commands have `NAME` in its place.
pub(super) fn commands(one: &Use, names: &[Name], variable: &str) -> Commands {
    let placeholder =
        [Name { credential: 0, text: "NAME".to_owned(), container: Some("SECRET".to_owned()), namespace: None }];
    let names = if names.is_empty() { &placeholder } else { names };
    let folder = Words::of(&one.folder);
    let file = one.is_configuration.then(|| Words::of(&one.path));
    let store = names.iter().filter_map(|name| store(one.platform, name, variable, file.as_ref(), &folder));
    Commands { store: store.collect(), deploy: deploy(one.platform, names, file.as_ref(), &folder) }
}

/// What a person must know or replace before the commands of a platform are run, as a clause.
pub(super) fn hint(platform: Platform) -> &'static str {
    match platform {
        Platform::GithubActions => "add --env NAME if the secret belongs to an environment",
        Platform::Vercel => "repeat it for preview, if that uses the same token",
        Platform::Netlify => "this sets the variable for every deploy context",
        Platform::Heroku => {
            "replace APP; heroku api is a plugin: heroku plugins:install @heroku-cli/plugin-api; the app restarts"
        }
        Platform::GoogleSecretManager => "then start the services anew, and disable the old version",
        Platform::AwsParameterStore => "then start the services anew",
        Platform::Kubernetes => {
            "replace DEPLOYMENT, and add -n NAMESPACE where a command has none and the default is wrong"
        }
        Platform::DockerCompose => "change the value in its env file first, in an editor",
        Platform::Terraform => {
            "it gets the token in the environment, which terraform.tfvars, *.auto.tfvars and the variables of HCP Terraform override; \
             its state contains the token, unless the variable is ephemeral"
        }
        Platform::Fly | Platform::CloudflareWorkers => "it deploys at once",
        Platform::CloudflarePages => {
            "this sets the secret for production; before the last command, build the site and check out the production branch"
        }
    }
}

/// The configurations that wrangler finds in the current folder.
const WRANGLER: &[&str] = &["wrangler.toml", "wrangler.json", "wrangler.jsonc"];

/// A path as a word for a shell, or a placeholder if it is masked or has characters that a terminal does not show.
struct Words {
    is_top: bool,
    word: String,
}

impl Words {
    fn of(path: &ShownPath) -> Self {
        let text = std::str::from_utf8(path.as_bytes()).ok();
        let text = text.filter(|text| !text.contains('…') && !text.contains(is_unsafe));
        let word = text.map(|text| if text.starts_with('-') { format!("./{text}") } else { text.to_owned() });
        Self {
            is_top: path.as_bytes().is_empty(),
            word: word.map_or_else(|| "PATH".to_owned(), |text| word_for_shell(&text, "")),
        }
    }

    /// ` option path`, or nothing at the top.
    fn option(&self, option: &str, is_default: bool) -> String {
        if is_default { String::new() } else { format!(" {option} {}", self.word) }
    }
}

/// `file` is the configuration, if the repository has one.
fn store(platform: Platform, name: &Name, variable: &str, file: Option<&Words>, folder: &Words) -> Option<String> {
    let pipe = format!("printf %s \"${variable}\" |");
    let pair = |name: &str| format!("printf '{name}=%s\\n' \"${variable}\" |");
    let container = name.container.as_deref().unwrap_or("SECRET");
    let namespace = name.namespace.as_deref();
    let name = &name.text;
    let config = |defaults: &[&str]| {
        file.map_or_else(String::new, |file| file.option("--config", defaults.contains(&&*file.word)))
    };
    Some(match platform {
        // https://cli.github.com/manual/gh_secret_set: without --body, the value is read from standard input.
        Platform::GithubActions => format!("{pipe} gh secret set {name}"),
        // https://vercel.com/docs/cli/env: `vercel env add [name] [environment] < [file]`; --force overwrites.
        Platform::Vercel => {
            format!("{pipe} vercel env add {name} production --force{}", folder.option("--cwd", folder.is_top))
        }
        // https://fly.io/docs/flyctl/secrets-import/: NAME=VALUE pairs from standard input.
        Platform::Fly => format!("{} fly secrets import{}", pair(name), config(&["fly.toml"])),
        // https://cli.netlify.com/commands/env: env:set takes the value as an argument; env:import reads a file, and then prints the
        // values (src/commands/env/env-import.ts of netlify/cli).
        Platform::Netlify => in_folder(&format!("{} netlify env:import /dev/stdin > /dev/null", pair(name)), folder),
        // https://github.com/heroku/heroku-api-plugin: the body of a PATCH is read from standard input. config:set takes the value as an
        // argument. Newer programs keep the login in the keychain (heroku/heroku-cli-command, pull request 291), where curl cannot read
        // it. The answer has the values of all variables.
        Platform::Heroku => {
            format!(
                "printf '{{\"{name}\":\"%s\"}}' \"${variable}\" | heroku api PATCH /apps/APP/config-vars > /dev/null"
            )
        }
        // https://developers.cloudflare.com/workers/wrangler/commands/#secret-put: a value that is piped is read.
        Platform::CloudflareWorkers => format!("{pipe} npx wrangler secret put {name}{}", config(WRANGLER)),
        // https://developers.cloudflare.com/workers/wrangler/commands/pages/#pages-secret-put: --env is production by default. Like
        // `secret put`, it reads standard input unless that is a terminal (packages/wrangler/src/pages/secret/index.ts of workers-sdk).
        Platform::CloudflarePages => in_folder(&format!("{pipe} npx wrangler pages secret put {name}"), folder),
        // https://cloud.google.com/sdk/gcloud/reference/secrets/versions/add
        Platform::GoogleSecretManager => format!("{pipe} gcloud secrets versions add {name} --data-file=-"),
        // https://docs.aws.amazon.com/cli/latest/userguide/cli-usage-parameters-file.html: file:// reads a value from a file.
        Platform::AwsParameterStore => format!(
            "{pipe} aws ssm put-parameter --name {name} --type SecureString --overwrite --value file:///dev/stdin"
        ),
        // https://kubernetes.io/docs/reference/kubectl/generated/kubectl_patch/: --patch-file. A secret that is created anew would
        // lose its other keys.
        Platform::Kubernetes => format!(
            "printf '{{\"stringData\":{{\"{name}\":\"%s\"}}}}' \"${variable}\" | \
             kubectl patch secret {container}{} --type merge --patch-file /dev/stdin",
            in_namespace(namespace)
        ),
        // No command writes an env file from standard input and keeps its other lines.
        Platform::DockerCompose => return None,
        // https://developer.hashicorp.com/terraform/cli/config/environment-variables#tf_var_name; for what overrides it,
        // https://developer.hashicorp.com/terraform/language/values/variables#variable-definition-precedence
        Platform::Terraform => {
            let chdir = if folder.is_top { String::new() } else { format!(" -chdir={}", folder.word) };
            format!("TF_VAR_{name}=\"${variable}\" terraform{chdir} apply")
        }
    })
}

fn deploy(platform: Platform, names: &[Name], file: Option<&Words>, folder: &Words) -> Vec<String> {
    let one = match platform {
        // https://vercel.com/docs/cli/deploy
        Platform::Vercel => format!("vercel --prod{}", folder.option("--cwd", folder.is_top)),
        // https://cli.netlify.com/commands/deploy
        Platform::Netlify => in_folder("netlify deploy --build --prod", folder),
        // https://developers.cloudflare.com/pages/functions/bindings/#secrets: a secret applies to later deployments. Without a
        // directory, pages_build_output_dir counts; without --branch, the current branch.
        Platform::CloudflarePages => in_folder("npx wrangler pages deploy", folder),
        // https://kubernetes.io/docs/reference/kubectl/generated/kubectl_rollout/kubectl_rollout_restart/
        Platform::Kubernetes => {
            let namespaces: BTreeSet<Option<&str>> = names.iter().map(|name| name.namespace.as_deref()).collect();
            let restart =
                |namespace| format!("kubectl rollout restart deployment/DEPLOYMENT{}", in_namespace(namespace));
            return namespaces.into_iter().map(restart).collect();
        }
        // https://docs.docker.com/reference/cli/docker/compose/up/: containers with a changed configuration are made anew.
        Platform::DockerCompose => {
            let file = file.map_or_else(String::new, |file| file.option("-f", false));
            format!("docker compose{file} up -d")
        }
        _ => return Vec::new(),
    };
    vec![one]
}

/// ` -n NAMESPACE`, or nothing if the manifest names none.
fn in_namespace(namespace: Option<&str>) -> String {
    namespace.map_or_else(String::new, |namespace| format!(" -n {namespace}"))
}

fn in_folder(command: &str, folder: &Words) -> String {
    if folder.is_top { command.to_owned() } else { format!("(cd {} && {command})", folder.word) }
}
