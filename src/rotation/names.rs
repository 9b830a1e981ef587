//! The names under which the files of a platform refer to stored tokens. A heuristic: what it does not find, a person must name.

use std::sync::LazyLock;

use regex::Regex;

use super::platform::Platform;
use super::terraform::only_blocks;
use crate::audit::client_names::secret_behind_prefix;
use crate::audit::names;

/// A name of a stored token. It has only letters, digits and `_ . / -`, and does not start with a dash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored<'t> {
    pub name: &'t str,
    /// In Kubernetes, the secret that contains the key `name`.
    pub container: Option<&'t str>,
    /// In Kubernetes, the namespace of the secret, if the file names it.
    pub namespace: Option<&'t str>,
    /// The environment variable that is set from it, if the file names one beside it.
    pub variable: Option<&'t str>,
    /// The offset in the file.
    pub at: usize,
}

impl<'t> Stored<'t> {
    fn new(name: &'t str, at: usize) -> Self {
        Self { name, container: None, namespace: None, variable: None, at }
    }
}

/// The build has no tables of Unicode, so that `\b` and `\s` are those of ASCII.
macro_rules! pattern {
    ($name:ident, $pattern:expr) => {
        static $name: LazyLock<Regex> = LazyLock::new(|| {
            let pattern = $pattern.replace(r"\b", r"(?-u:\b)").replace(r"\s", r"[ \t\r\n]");
            Regex::new(&pattern).expect("the pattern is valid")
        });
    };
}

pattern!(VARIABLE, r"\b[A-Z][A-Z0-9_]{2,99}\b");
pattern!(GITHUB, r"\bsecrets\.([A-Za-z_][A-Za-z0-9_]{0,99})");
pattern!(TERRAFORM, r#"\bvariable\s+"([A-Za-z_][A-Za-z0-9_]{0,99})""#);
pattern!(
    GOOGLE,
    r#"(?:\bsecrets/|--secret[= ]|\bsecret(?:_id|Id|_name|Name)?['"]?\s*[:=]\s*['"]|\bsecrets (?:create|versions add) |\bname:\s*)([A-Za-z][A-Za-z0-9_-]{0,99})"#
);
pattern!(GOOGLE_MOUNT, r"\b([A-Z][A-Z0-9_]*)=([A-Za-z][A-Za-z0-9_-]{0,99}):(?:latest|[0-9]+)");
pattern!(
    AWS,
    r#"(?:parameter|resolve:ssm(?:-secure)?:|\$\{ssm:|--name[= ]["']?|\bname\s*[:=]\s*["']|[ \t\r\n"'`=(,])(/?[A-Za-z0-9_][A-Za-z0-9_./-]{2,99})"#
);
pattern!(
    KEY_REF,
    r"(?:-[ \t]+name:[ \t]*([A-Za-z0-9_]{1,100})[ \t]*\r?\n[ \t]+valueFrom:[ \t]*\r?\n[ \t]+)?secretKeyRef:[ \t]*\r?\n((?:[ \t]+(?:name|key|optional):[^\n]*\n?){1,3})"
);
pattern!(AWS_REFERENCE, r"(?:parameter|resolve:ssm(?:-secure)?:|\$\{ssm:)(/?[A-Za-z0-9_][A-Za-z0-9_./-]{2,99})");
pattern!(YAML_METADATA, r"(?m)^metadata:[ \t]*\r?\n((?:[ \t]+[^\n]*\n?)+)");
pattern!(YAML_NAMESPACE, r#"(?m)^[ \t]+namespace:[ \t]*["']?([a-z0-9][a-z0-9-]{0,62})["']?[ \t]*\r?$"#);
pattern!(YAML_NAME, r#"(?m)^[ \t]+name:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]{0,99})"#);
pattern!(YAML_KEY, r#"(?m)^[ \t]+key:[ \t]*["']?([A-Za-z0-9_][A-Za-z0-9._-]{0,99})"#);
pattern!(DATA_KEY, r"(?m)^[ \t]+([A-Za-z0-9_][A-Za-z0-9._-]{0,99}):");

/// The environment variables for secrets that a file names.
pub(super) fn variables(text: &str) -> Vec<Stored<'_>> {
    let found = VARIABLE.find_iter(text).filter(|name| is_secret(name.as_str()));
    found.map(|name| Stored::new(name.as_str(), name.start())).collect()
}

/// Whether the name is that of a secret. A name such as `NEXT_PUBLIC_ATTIO_API_KEY` has a harmless word, but the worst value.
fn is_secret(name: &str) -> bool {
    names::is_secret(name) || secret_behind_prefix(name).is_some()
}

/// The tokens that a file of `platform` refers to.
pub(super) fn stored_names(platform: Platform, text: &str, is_terraform: bool) -> Vec<Stored<'_>> {
    match platform {
        Platform::GithubActions => secrets(&GITHUB, text),
        Platform::Terraform => secrets(&TERRAFORM, text),
        Platform::GoogleSecretManager if is_terraform => {
            let scoped = only_blocks(text, |kind| kind.starts_with("google_"));
            in_text(text, &google(&scoped))
        }
        Platform::GoogleSecretManager => google(text),
        Platform::AwsParameterStore if is_terraform => {
            let scoped = only_blocks(text, |kind| kind == "aws_ssm_parameter");
            let parameters = in_text(text, &parameters(&AWS, &scoped));
            parameters.into_iter().chain(self::parameters(&AWS_REFERENCE, text)).collect()
        }
        Platform::AwsParameterStore => parameters(&AWS, text),
        Platform::Kubernetes => of_kubernetes(text),
        Platform::DockerCompose => variables(text),
        _ => Vec::new(),
    }
}

fn google(text: &str) -> Vec<Stored<'_>> {
    let mounts = GOOGLE_MOUNT.captures_iter(text).filter_map(|mount| {
        let (variable, name) = (mount.get(1)?.as_str(), mount.get(2)?);
        Some(Stored { variable: Some(variable), ..Stored::new(name.as_str(), name.start()) })
    });
    secrets(&GOOGLE, text).into_iter().chain(mounts).collect()
}

/// Names of parameters. Words without a separator of such names are those of variables.
fn parameters<'t>(pattern: &Regex, text: &'t str) -> Vec<Stored<'t>> {
    secrets(pattern, text).into_iter().filter(|one| one.name.contains(['/', '-'])).collect()
}

/// The same names in `text`, of which only a part was searched. That has the same offsets.
fn in_text<'t>(text: &'t str, found: &[Stored<'_>]) -> Vec<Stored<'t>> {
    found.iter().filter_map(|one| Some(Stored::new(text.get(one.at..one.at + one.name.len())?, one.at))).collect()
}

/// What the pattern captures, if it is the name of a secret.
fn secrets<'t>(pattern: &Regex, text: &'t str) -> Vec<Stored<'t>> {
    let names = pattern.captures_iter(text).filter_map(|found| found.get(1)).filter(|name| is_secret(name.as_str()));
    names.map(|name| Stored::new(name.as_str(), name.start())).collect()
}

fn of_kubernetes(text: &str) -> Vec<Stored<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    for document in text.split("\n---") {
        found.extend(of_manifest(document).into_iter().map(|one| Stored { at: start + one.at, ..one }));
        start += document.len() + "\n---".len();
    }
    found
}

/// References by `secretKeyRef`, and the keys of a `Secret`.
fn of_manifest(document: &str) -> Vec<Stored<'_>> {
    let namespace = captured(&YAML_METADATA, document).and_then(|metadata| captured(&YAML_NAMESPACE, metadata));
    let references = KEY_REF.captures_iter(document).filter_map(|reference| {
        let (variable, block) = (reference.get(1).map(|name| name.as_str()), reference.get(2)?);
        let container = Some(captured(&YAML_NAME, block.as_str())?);
        let name = captured(&YAML_KEY, block.as_str())?;
        Some(Stored { container, namespace, variable, ..Stored::new(name, block.start()) })
    });
    let mut found: Vec<Stored<'_>> = references.collect();
    let is_secret_object = document.lines().any(|line| line.trim_end() == "kind: Secret");
    if let Some(container) = Some(document).filter(|_| is_secret_object).and_then(|text| captured(&YAML_NAME, text)) {
        let keys = DATA_KEY.captures_iter(document).filter_map(|key| key.get(1));
        found.extend(keys.filter(|key| is_secret(key.as_str())).map(|key| Stored {
            container: Some(container),
            namespace,
            ..Stored::new(key.as_str(), key.start())
        }));
    }
    found
}

fn captured<'t>(pattern: &Regex, text: &'t str) -> Option<&'t str> {
    Some(pattern.captures(text)?.get(1)?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_platforms_name_stored_tokens() {
        for (platform, text, names) in [
            (
                Platform::GithubActions,
                "a: ${{ secrets.ATTIO_API_KEY }}\nb: ${{ secrets.REGION }}",
                &["ATTIO_API_KEY"][..],
            ),
            (Platform::Terraform, "variable \"attio_api_key\" {}\nvariable \"region\" {}", &["attio_api_key"]),
            (Platform::GoogleSecretManager, "projects/p/secrets/attio-api-key/versions/latest", &["attio-api-key"]),
            (Platform::GoogleSecretManager, "--set-secrets=ATTIO_API_KEY=attio-token:latest", &["attio-token"]),
            (Platform::GoogleSecretManager, "secret_id = \"attio-api-key\"", &["attio-api-key"]),
            (Platform::AwsParameterStore, "Name: '/crm/attio-api-key'", &["/crm/attio-api-key"]),
            (Platform::AwsParameterStore, "arn:aws:ssm:eu:1:parameter/crm/attio-api-key", &["/crm/attio-api-key"]),
            (Platform::AwsParameterStore, "import './lib/attio-token'", &[]),
            (Platform::DockerCompose, "environment:\n  - ATTIO_API_KEY\n  - REGION", &["ATTIO_API_KEY"]),
        ] {
            let found: Vec<&str> = stored_names(platform, text, false).into_iter().map(|one| one.name).collect();
            assert_eq!(found, names, "{text}");
        }
    }

    #[test]
    fn a_key_of_kubernetes_is_in_a_secret() {
        let text = "kind: Deployment\nspec:\n  env:\n    - name: ATTIO_API_KEY\n      valueFrom:\n        secretKeyRef:\n          \
                    name: crm\n          key: attio\n---\nkind: Secret\nmetadata:\n  name: other\nstringData:\n  ATTIO_TOKEN: x\n";
        let found = stored_names(Platform::Kubernetes, text, false);
        let found: Vec<_> = found.iter().map(|one| (one.container, one.name, one.variable)).collect();
        assert_eq!(found, [(Some("crm"), "attio", Some("ATTIO_API_KEY")), (Some("other"), "ATTIO_TOKEN", None)]);
    }

    #[test]
    fn a_manifest_names_the_namespace_of_its_own_secrets() {
        let text = "kind: Secret\nmetadata:\n  name: a\n  namespace: crm\nstringData:\n  ATTIO_TOKEN: x\n---\nkind: Secret\n\
                    metadata:\n  name: b\nstringData:\n  ATTIO_TOKEN: x\n---\nkind: Secret\nmetadata:\n  name: c\nspec:\n  \
                    namespace: wrong\nstringData:\n  ATTIO_TOKEN: x\n";
        let found = stored_names(Platform::Kubernetes, text, false);
        let found: Vec<_> = found.iter().map(|one| (one.container, one.namespace)).collect();
        assert_eq!(found, [(Some("a"), Some("crm")), (Some("b"), None), (Some("c"), None)]);
    }

    #[test]
    fn each_store_of_a_terraform_file_has_its_own_names() {
        let text = "# a é {\nresource \"google_secret_manager_secret\" \"a\" {\n  secret_id = \"attio-api-key\"\n  labels = { x = \"}\" }\n}\n\
                    resource \"aws_ssm_parameter\" \"a\" {\n  name = \"/crm/attio-token\"\n}\n\
                    resource \"aws_secretsmanager_secret\" \"a\" {\n  name = \"prod/attio-token\"\n}\n\
                    resource \"azurerm_key_vault_secret\" \"a\" {\n  name = \"az-attio-token\"\n  secret = \"az-attio-secret\"\n}\n\
                    data \"aws_iam_policy_document\" \"a\" {\n  resources = [\"arn:aws:ssm:eu:1:parameter/x/attio-token\"]\n}\n\
                    variable \"attio_api_key\" {}\n";
        let names = |platform| {
            let found = stored_names(platform, text, true);
            assert!(found.iter().all(|one| text[one.at..].starts_with(one.name)));
            found.into_iter().map(|one| one.name.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names(Platform::GoogleSecretManager), ["attio-api-key"]);
        assert_eq!(names(Platform::AwsParameterStore), ["/crm/attio-token", "/x/attio-token"]);
        assert_eq!(names(Platform::Terraform), ["attio_api_key"]);
    }

    #[test]
    fn public_variables_are_named() {
        let text = "NEXT_PUBLIC_ATTIO_API_KEY EXPO_PUBLIC_ATTIO_TOKEN PUBLIC_ATTIO_SECRET VITE_ATTIO_API_KEY NEXT_PUBLIC_SITE_URL";
        assert_eq!(variables(text).len(), 4);
    }
}
