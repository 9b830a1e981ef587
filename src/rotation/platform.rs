//! The platforms on which tokens are stored, and the files that show their use.

use crate::audit::reader::name_of;

/// A platform that stores tokens for a running program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Platform {
    GithubActions,
    Vercel,
    Fly,
    Netlify,
    Heroku,
    CloudflareWorkers,
    CloudflarePages,
    GoogleSecretManager,
    AwsParameterStore,
    Kubernetes,
    DockerCompose,
    Terraform,
}

impl Platform {
    pub fn name(self) -> &'static str {
        match self {
            Self::GithubActions => "GitHub Actions",
            Self::Vercel => "Vercel",
            Self::Fly => "Fly.io",
            Self::Netlify => "Netlify",
            Self::Heroku => "Heroku",
            Self::CloudflareWorkers => "Cloudflare Workers",
            Self::CloudflarePages => "Cloudflare Pages",
            Self::GoogleSecretManager => "Google Secret Manager",
            Self::AwsParameterStore => "AWS Systems Manager Parameter Store",
            Self::Kubernetes => "Kubernetes",
            Self::DockerCompose => "Docker Compose",
            Self::Terraform => "Terraform",
        }
    }

    /// Whether a program finds a token there by the name of an environment variable, which no file of the platform need list.
    pub fn has_variables(self) -> bool {
        matches!(
            self,
            Self::Vercel | Self::Fly | Self::Netlify | Self::Heroku | Self::CloudflareWorkers | Self::CloudflarePages
        )
    }
}

/// Texts in a file that show the use of a platform. Documentation may have them as well, so it is left out.
const TEXTS: &[(Platform, &[&str])] = &[
    (
        Platform::GoogleSecretManager,
        &[
            "secretmanager",
            "secret-manager",
            "google_secret_manager_secret",
            "gcloud secrets",
            "--set-secrets",
            "--update-secrets",
            "SecretManagerServiceClient",
        ],
    ),
    (
        Platform::AwsParameterStore,
        &[
            "aws_ssm_parameter",
            "ssm put-parameter",
            "ssm get-parameter",
            "client-ssm",
            "arn:aws:ssm",
            "resolve:ssm",
            "${ssm:",
            "client('ssm')",
            "client(\"ssm\")",
            "aws-ssm",
            "service/ssm",
        ],
    ),
];

/// Texts in a workflow that show a deployment to a platform.
const DEPLOYMENTS: &[(Platform, &str)] = &[
    (Platform::Vercel, "vercel"),
    (Platform::Fly, "flyctl"),
    (Platform::Netlify, "netlify"),
    (Platform::Heroku, "heroku"),
    (Platform::CloudflareWorkers, "wrangler"),
];

/// The folder with the workflows of GitHub Actions.
pub(super) const WORKFLOWS: &[u8] = b".github/workflows/";

/// The platforms that a file configures or uses. Empty for most files.
pub(super) fn platforms_of(path: &[u8], text: &str) -> Vec<Platform> {
    let name = String::from_utf8_lossy(name_of(path)).to_ascii_lowercase();
    if [".md", ".mdx", ".rst", ".txt", ".lock"].iter().any(|end| name.ends_with(end)) {
        return Vec::new();
    }
    let is_yaml = is_yaml(&name);
    let mut found: Vec<Platform> = by_name(&name, text).into_iter().collect();
    if is_yaml && path.starts_with(WORKFLOWS) {
        found.push(Platform::GithubActions);
        found.extend(DEPLOYMENTS.iter().filter(|(_, word)| text.contains(word)).map(|(platform, _)| *platform));
    }
    let secrets = ["secretKeyRef:", "kind: Secret\n", "kind: Secret\r"];
    if is_yaml && text.contains("apiVersion:") && secrets.iter().any(|word| text.contains(word)) {
        // Cloud Run takes the secret of a Knative service from Secret Manager.
        let is_cloud_run = text.contains("serving.knative.dev");
        found.push(if is_cloud_run { Platform::GoogleSecretManager } else { Platform::Kubernetes });
    }
    let uses = |texts: &[&str]| texts.iter().any(|word| text.contains(word));
    found.extend(TEXTS.iter().filter(|(_, texts)| uses(texts)).map(|(platform, _)| *platform));
    found.sort_unstable();
    found.dedup();
    found
}

/// Whether the name, in lower case, is that of a YAML file.
fn is_yaml(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| end == "yml" || end == "yaml")
}

/// The platform of a configuration file with this name, in lower case.
fn by_name(name: &str, text: &str) -> Option<Platform> {
    let (_, end) = name.rsplit_once('.').unwrap_or_default();
    let compose = name.strip_prefix("docker-").unwrap_or(name);
    Some(match name {
        "vercel.json" | "vercel.ts" => Platform::Vercel,
        "netlify.toml" => Platform::Netlify,
        "procfile" | "heroku.yml" => Platform::Heroku,
        "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" if text.contains("pages_build_output_dir") => {
            Platform::CloudflarePages
        }
        "wrangler.toml" | "wrangler.json" | "wrangler.jsonc" => Platform::CloudflareWorkers,
        _ if name.starts_with("fly.") && end == "toml" => Platform::Fly,
        _ if end == "tf" || name.ends_with(".tf.json") => Platform::Terraform,
        _ if compose.starts_with("compose") && is_yaml(name) => Platform::DockerCompose,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_show_their_platforms() {
        for (path, text, platforms) in [
            ("vercel.json", "{}", &[Platform::Vercel][..]),
            ("apps/api/fly.staging.toml", "", &[Platform::Fly]),
            ("Procfile", "web: x", &[Platform::Heroku]),
            ("wrangler.toml", "pages_build_output_dir = 'x'", &[Platform::CloudflarePages]),
            ("wrangler.jsonc", "{}", &[Platform::CloudflareWorkers]),
            ("docker-compose.prod.yml", "", &[Platform::DockerCompose]),
            ("a/compose.yaml", "", &[Platform::DockerCompose]),
            (".github/workflows/a.yml", "run: flyctl deploy", &[Platform::GithubActions, Platform::Fly]),
            ("x/.github/workflows/a.yml", "", &[]),
            ("k8s/a.yaml", "apiVersion: v1\nkind: Secret\n", &[Platform::Kubernetes]),
            ("k8s/a.yaml", "apiVersion: v1\nkind: Service\n", &[]),
            ("run.yaml", "apiVersion: serving.knative.dev/v1\nsecretKeyRef:\n", &[Platform::GoogleSecretManager]),
            ("a.tf", "resource \"aws_ssm_parameter\"", &[Platform::AwsParameterStore, Platform::Terraform]),
            ("docs/deploy.md", "gcloud secrets create", &[]),
            ("a.py", "boto3.client('secretsmanager')", &[]),
        ] {
            assert_eq!(platforms_of(path.as_bytes(), text), platforms, "{path}");
        }
    }
}
