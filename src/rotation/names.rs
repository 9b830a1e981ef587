//! The names under which the files of a platform refer to stored tokens. A heuristic: what it does not find, a person must name.

use std::sync::LazyLock;

use regex::Regex;

use super::platform::Platform;
use crate::audit::names::is_secret;

/// A name of a stored token. It has only letters, digits and `_ . / -`, and does not start with a dash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored<'t> {
    pub name: &'t str,
    /// In Kubernetes, the secret that contains the key `name`.
    pub container: Option<&'t str>,
    /// The environment variable that is set from it, if the file names one beside it.
    pub variable: Option<&'t str>,
    /// The offset in the file.
    pub at: usize,
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
pattern!(YAML_NAME, r#"(?m)^[ \t]+name:[ \t]*["']?([A-Za-z0-9][A-Za-z0-9._-]{0,99})"#);
pattern!(YAML_KEY, r#"(?m)^[ \t]+key:[ \t]*["']?([A-Za-z0-9_][A-Za-z0-9._-]{0,99})"#);
pattern!(DATA_KEY, r"(?m)^[ \t]+([A-Za-z0-9_][A-Za-z0-9._-]{0,99}):");

/// The environment variables for secrets that a file names.
pub(super) fn variables(text: &str) -> Vec<Stored<'_>> {
    let found = VARIABLE.find_iter(text).filter(|name| is_secret(name.as_str()));
    found.map(|name| Stored { name: name.as_str(), container: None, variable: None, at: name.start() }).collect()
}

/// The tokens that a file of `platform` refers to.
pub(super) fn stored_names(platform: Platform, text: &str) -> Vec<Stored<'_>> {
    match platform {
        Platform::GithubActions => secrets(&GITHUB, text),
        Platform::Terraform => secrets(&TERRAFORM, text),
        Platform::GoogleSecretManager => {
            let mounts = GOOGLE_MOUNT.captures_iter(text).filter_map(|mount| {
                let (variable, name) = (mount.get(1)?.as_str(), mount.get(2)?);
                Some(Stored { name: name.as_str(), container: None, variable: Some(variable), at: name.start() })
            });
            secrets(&GOOGLE, text).into_iter().chain(mounts).collect()
        }
        Platform::AwsParameterStore => {
            // Words without a separator of names of parameters are those of variables.
            let is_parameter = |one: &Stored<'_>| one.name.contains(['/', '-']);
            secrets(&AWS, text).into_iter().filter(is_parameter).collect()
        }
        Platform::Kubernetes => of_kubernetes(text),
        Platform::DockerCompose => variables(text),
        _ => Vec::new(),
    }
}

/// What the pattern captures, if it is the name of a secret.
fn secrets<'t>(pattern: &Regex, text: &'t str) -> Vec<Stored<'t>> {
    let names = pattern.captures_iter(text).filter_map(|found| found.get(1)).filter(|name| is_secret(name.as_str()));
    names.map(|name| Stored { name: name.as_str(), container: None, variable: None, at: name.start() }).collect()
}

/// References by `secretKeyRef`, and the keys of a `Secret`.
fn of_kubernetes(text: &str) -> Vec<Stored<'_>> {
    let references = KEY_REF.captures_iter(text).filter_map(|reference| {
        let (variable, block) = (reference.get(1).map(|name| name.as_str()), reference.get(2)?);
        let container = YAML_NAME.captures(block.as_str())?.get(1)?.as_str();
        let name = YAML_KEY.captures(block.as_str())?.get(1)?.as_str();
        Some(Stored { name, container: Some(container), variable, at: block.start() })
    });
    let mut found: Vec<Stored<'_>> = references.collect();
    let mut start = 0;
    for document in text.split("\n---") {
        let is_secret_object = document.lines().any(|line| line.trim_end() == "kind: Secret");
        if let Some(container) = YAML_NAME.captures(document).filter(|_| is_secret_object).and_then(|name| name.get(1))
        {
            let keys = DATA_KEY.captures_iter(document).filter_map(|key| key.get(1));
            found.extend(keys.filter(|key| is_secret(key.as_str())).map(|key| Stored {
                name: key.as_str(),
                container: Some(container.as_str()),
                variable: None,
                at: start + key.start(),
            }));
        }
        start += document.len() + "\n---".len();
    }
    found
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
            let found: Vec<&str> = stored_names(platform, text).into_iter().map(|one| one.name).collect();
            assert_eq!(found, names, "{text}");
        }
    }

    #[test]
    fn a_key_of_kubernetes_is_in_a_secret() {
        let text = "kind: Deployment\nspec:\n  env:\n    - name: ATTIO_API_KEY\n      valueFrom:\n        secretKeyRef:\n          \
                    name: crm\n          key: attio\n---\nkind: Secret\nmetadata:\n  name: other\nstringData:\n  ATTIO_TOKEN: x\n";
        let found = stored_names(Platform::Kubernetes, text);
        let found: Vec<_> = found.iter().map(|one| (one.container, one.name, one.variable)).collect();
        assert_eq!(found, [(Some("crm"), "attio", Some("ATTIO_API_KEY")), (Some("other"), "ATTIO_TOKEN", None)]);
    }
}
