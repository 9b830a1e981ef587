//! The contexts in which 64 hex digits are an Attio token, and similar contexts in which they are not.

use keysweep::detect::Detector;
use keysweep::rules::ALL;
use keysweep::rules::example::{Dice, expand};

const ACCESS: &[&str] = &[
    // Requests, with the token as the user name.
    "curl -u {hex64-colon} https://api.attio.com/v2/self",
    "curl -u '{hex64-colon}' https://api.attio.com/v2/self",
    "curl -u \"{hex64-colon}\" \\\n  https://api.attio.com/v2/self",
    "curl -u{hex64-colon} https://api.attio.com/v2/self",
    "curl --user {hex64-colon} https://api.attio.com/v2/self",
    "curl --user={hex64-colon} https://api.attio.com/v2/self",
    "curl https://api.attio.com/v2/self -u {hex64-colon}",
    "curl -s -X POST 'https://api.attio.com/v2/objects/people/records/query' --user '{hex64-colon}' -d '{}'",
    "curl -su {hex64-colon} https://api.attio.com/v2/self",
    "http -a {hex64-colon} GET https://api.attio.com/v2/self",
    "http --auth {hex64-colon} https://api.attio.com/v2/self",
    "wget --user={hex:64} --password= https://api.attio.com/v2/self",
    "subprocess.run([\"curl\", \"-u\", \"{hex64-colon}\", \"https://api.attio.com/v2/self\"])",
    "https://{hex64-colon}@api.attio.com/v2/self",
    "https://{hex64}@api.attio.com/v2/self",
    "https://api.attio.com/v2/self?access_token={hex:64}",
    "http --auth-type bearer --auth {hex:64} https://api.attio.com/v2/self",
    "machine api.attio.com login {hex:64} password x",
    "machine api.attio.com\n  login {hex:64}\n",
    "requests.get('https://api.attio.com/v2/self', auth=('{hex:64}', ''))",
    "requests.get(\"https://api.attio.com/v2/self\", auth=HTTPBasicAuth(\"{hex:64}\", \"\"))",
    "axios.get('https://api.attio.com/v2/self', { auth: { username: '{hex:64}', password: '' } })",
    // Configuration.
    "attio.api.key={hex:64}",
    "attio.api-key: {hex:64}",
    "attio.apiKey = {hex:64}",
    "attio.token={hex:64}",
    "attio.access.token={hex:64}",
    "attio.access-token={hex:64}",
    "spring.attio.api.key={hex:64}",
    "attio.key={hex:64}",
    "attio.secret={hex:64}",
    "attio:\n  api_key: {hex:64}\n",
    "attio:\n  token: {hex:64}\n",
    "attio:\n  key: {hex:64}\n",
    "attio:\n  secret: {hex:64}\n",
    "attio:\n  base_url: https://api.attio.com\n  api_key: {hex:64}\n",
    "[attio]\napi_key = \"{hex:64}\"\n",
    "[attio]\nbase_url = \"https://api.attio.com/v2\"\ntimeout = 30\ntoken = \"{hex:64}\"\n",
    "<attio><apiKey>{hex:64}</apiKey></attio>",
    "<add key=\"AttioApiKey\" value=\"{hex:64}\" />",
    "<entry key=\"attio.api.key\">{hex:64}</entry>",
    "\"Attio\": {\n  \"ApiKey\": \"{hex:64}\"\n}",
    "\"Attio:ApiKey\": \"{hex:64}\"",
    "Attio__ApiKey={hex:64}",
    "config :my_app, :attio, api_key: \"{hex:64}\"",
    "ATTIO_KEY={hex:64}",
    "ATTIO_SECRET={hex:64}",
    "ATTIO_PAT={hex:64}",
    "ATTIO_API_KEY_PROD={hex:64}",
    "ATTIO_PROD_API_KEY={hex:64}",
    "VITE_ATTIO_API_KEY={hex:64}",
    // Terraform.
    "variable \"attio_api_key\" {\n  default = \"{hex:64}\"\n}",
    "variable \"attio_api_key\" {\n  type    = string\n  default = \"{hex:64}\"\n}",
    "variable \"attio_api_key\" {\n  description = \"The key of Attio\"\n  type        = string\n  sensitive   = true\n  default     = \"{hex:64}\"\n}",
    "resource \"aws_ssm_parameter\" \"attio_api_key\" {\n  name  = \"/app/attio-api-key\"\n  type  = \"SecureString\"\n  value = \"{hex:64}\"\n}",
    "resource \"github_actions_secret\" \"attio\" {\n  repository = \"app\"\n  secret_name = \"ATTIO_API_KEY\"\n  plaintext_value = \"{hex:64}\"\n}",
    // Pairs.
    "{\"key\": \"ATTIO_API_KEY\", \"value\": \"{hex:64}\"}",
    "{\"name\":\"ATTIO_API_KEY\",\"value\":\"{hex:64}\"}",
    "{\n  \"name\": \"ATTIO_API_KEY\",\n  \"value\": \"{hex:64}\"\n}",
    "{\"value\":\"{hex:64}\",\"name\":\"ATTIO_API_KEY\"}",
    "{\n\t\"key\": \"attio_api_key\",\n\t\"value\": \"{hex:64}\",\n\t\"type\": \"secret\",\n\t\"enabled\": true\n}",
    "{\n\t\"key\": \"attio_api_key\",\n\t\"type\": \"secret\",\n\t\"value\": \"{hex:64}\",\n\t\"enabled\": true\n}",
    "{\n\t\"value\": \"{hex:64}\",\n\t\"key\": \"attio_api_key\"\n}",
    "- name: ATTIO_API_KEY\n  value: {hex:64}\n",
    "- name: ATTIO_API_KEY\n  value: \"{hex:64}\"\n",
    "- value: {hex:64}\n  name: ATTIO_API_KEY\n",
    "  - key: ATTIO_API_KEY\n    scope: RUN_TIME\n    type: SECRET\n    value: {hex:64}\n",
    "  - key: ATTIO_API_KEY\n    sync: false\n    value: {hex:64}\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: attio\nstringData:\n  apiKey: {hex:64}\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: attio-api-key\ntype: Opaque\nstringData:\n  value: {hex:64}\n",
    "apiVersion: v1\nkind: Secret\nmetadata:\n  name: attio\nstringData:\n  ATTIO_API_KEY: {hex:64}\n",
    "ParameterKey=AttioApiKey,ParameterValue={hex:64}",
    "ParameterKey: AttioApiKey\nParameterValue: {hex:64}",
    // Commands.
    "ENV ATTIO_API_KEY {hex:64}",
    "ENV ATTIO_API_KEY={hex:64}",
    "ARG ATTIO_API_KEY={hex:64}",
    "export ATTIO_API_KEY='{hex:64}'",
    "set -gx ATTIO_API_KEY {hex:64}",
    "setx ATTIO_API_KEY {hex:64}",
    "$env:ATTIO_API_KEY = \"{hex:64}\"",
    "docker run -e ATTIO_API_KEY={hex:64} app",
    "kubectl create secret generic attio --from-literal=ATTIO_API_KEY={hex:64}",
    "kubectl create secret generic attio --from-literal=api-key={hex:64}",
    "kubectl create secret generic attio-api-key --from-literal=value={hex:64}",
    "vercel env add ATTIO_API_KEY production <<< {hex:64}",
    "echo {hex:64} | vercel env add ATTIO_API_KEY production",
    "printf %s '{hex:64}' | vercel env add ATTIO_API_KEY production",
    "gh secret set ATTIO_API_KEY --body {hex:64}",
    "gh secret set ATTIO_API_KEY --body=\"{hex:64}\"",
    "gh secret set ATTIO_API_KEY -b {hex:64}",
    "gh secret set ATTIO_API_KEY --repo me/app --body {hex:64}",
    "gh secret set ATTIO_API_KEY < <(echo {hex:64})",
    "fly secrets set ATTIO_API_KEY={hex:64}",
    "fly secrets set -a app ATTIO_API_KEY={hex:64} OTHER=x",
    "heroku config:set ATTIO_API_KEY={hex:64}",
    "aws ssm put-parameter --name /app/attio-api-key --value {hex:64} --type SecureString",
    "aws ssm put-parameter --name /app/attio-api-key \\\n--value \"{hex:64}\" --type SecureString",
    "aws ssm put-parameter --name /app/attio-api-key --type SecureString --value {hex:64}",
    "aws ssm put-parameter --value {hex:64} --name /app/attio-api-key",
    "aws secretsmanager create-secret --name attio-api-key --secret-string {hex:64}",
    "aws secretsmanager create-secret --name attio/api-key --secret-string '{hex:64}'",
    "echo -n \"{hex:64}\" | gcloud secrets create attio-api-key --data-file=-",
    "printf '{hex:64}' | gcloud secrets versions add attio_api_key --data-file=-",
    "echo {hex:64} | gh secret set ATTIO_API_KEY",
    "gh secret set ATTIO_API_KEY <<< \"{hex:64}\"",
    "echo {hex:64} | wrangler secret put ATTIO_API_KEY",
    "az keyvault secret set --vault-name v --name attio-api-key --value {hex:64}",
    "railway variables --set \"ATTIO_API_KEY={hex:64}\"",
    "netlify env:set ATTIO_API_KEY {hex:64}",
    "doppler secrets set ATTIO_API_KEY {hex:64}",
    "vault kv put secret/attio api_key={hex:64}",
    "vault kv put secret/attio token={hex:64}",
    "firebase functions:config:set attio.key=\"{hex:64}\"",
    "npx convex env set ATTIO_API_KEY {hex:64}",
    "new AttioClient(\"{hex:64}\")",
    "AttioClient(api_key='{hex:64}')",
    "Attio::Client.new('{hex:64}')",
    "attio.New(\"{hex:64}\")",
    "attio.auth(\"{hex:64}\")",
    "attio.auth('{hex:64}');",
    "await attio.authenticate(`{hex:64}`)",
    "attio.setToken('{hex:64}')",
    "attio.connect(\"{hex:64}\")",
    "attio.configure({ auth: '{hex:64}' })",
    "initAttio(\"{hex:64}\")",
    // The name contains only `attio`, in a place for secrets.
    "ATTIO={hex:64}",
    "export ATTIO='{hex:64}'",
    "KEYS = { attio: \"{hex:64}\" }",
    "KEYS = {\n    \"hubspot\": \"abc\",\n    \"attio\": \"{hex:64}\",\n}\n",
    "const API_KEYS: Record<string, string> = {\n  attio: '{hex:64}',\n};",
    "tokens:\n  attio: {hex:64}\n",
    "[secrets]\nattio = \"{hex:64}\"\n",
    "[tokens]\nslack = \"x\"\nattio = \"{hex:64}\"\n",
    "keys[\"attio\"] = \"{hex:64}\"",
    "TOKENS.attio = '{hex:64}';",
    "secrets[:attio] = '{hex:64}'",
    "credentials.set('attio', '{hex:64}')",
    // Upper-case digits.
    "ATTIO_API_KEY={HEX:64}",
    "const attioApiKey = \"{HEX:64}\";",
    "new AttioClient(\"{HEX:64}\")",
    "curl https://api.attio.com/v2/self -H \"Authorization: Bearer {HEX:64}\"",
    "API_KEY = \"{HEX:64}\"\nBASE_URL = \"https://api.attio.com/v2\"\n",
    // The keychain of macOS.
    "security add-generic-password -a me -s ATTIO_TOKEN -w {hex:64}",
    "security add-generic-password -s ATTIO_TOKEN -a \"$USER\" -w \"{hex:64}\" -U",
    "security add-generic-password -a me -w {hex:64} -s attio-api-key",
];

/// Lines with a generic name, such as `API_KEY`. The address of Attio is a few lines above or below.
const GENERIC: &[&str] = &[
    "API_KEY = \"{hex:64}\"",
    "API_KEY={hex:64}",
    "API_KEY: str = \"{hex:64}\"",
    "export API_KEY='{hex:64}'",
    "ACCESS_TOKEN={hex:64}",
    "ACCESS_TOKEN = '{hex:64}'",
    "const token = \"{hex:64}\";",
    "const token=\"{hex:64}\";",
    "let apiKey: string = '{hex:64}';",
    "const KEY = \"{hex:64}\";",
    "private static final String API_KEY = \"{hex:64}\";",
    "const string AccessToken = \"{hex:64}\";",
    "$apiKey = '{hex:64}';",
    "define('API_KEY', '{hex:64}');",
    "#define API_TOKEN \"{hex:64}\"",
    "accessToken := \"{hex:64}\"",
    "api_key <- \"{hex:64}\"",
    "API_KEY = os.environ.get(\"API_KEY\", \"{hex:64}\")",
    "const API_KEY = process.env.API_KEY || \"{hex:64}\";",
    "API_KEY=${API_KEY:-{hex:64}}",
    "\"apiKey\": \"{hex:64}\",",
    "\"access_token\": \"{hex:64}\",",
    "api_key: {hex:64}",
    "  token: '{hex:64}',",
    "<apiKey>{hex:64}</apiKey>",
    "<add key=\"ApiKey\" value=\"{hex:64}\" />",
    "{\"name\": \"API_KEY\", \"value\": \"{hex:64}\"},",
    "AT_API_KEY={hex:64}",
    "CRM_API_KEY={hex:64}",
    "CRM_TOKEN = \"{hex:64}\"",
    "MY_TOKEN = \"{hex:64}\"",
    "PROD_API_KEY={hex:64}",
    "API_KEY_PROD={hex:64}",
    "BEARER_TOKEN={hex:64}",
    "AUTH_TOKEN={hex:64}",
    "API_TOKEN={hex:64}",
    "self.api_key = \"{hex:64}\"",
    "this.token = '{hex:64}';",
    "@token = '{hex:64}'",
    "token = { 'value': '{hex:64}' }",
    "X-Api-Key: {hex:64}",
    "headers = {\"Authorization\": \"{hex:64}\"}",
    "let token = String::from(\"{hex:64}\");",
    "set -x API_KEY {hex:64}",
    "setx API_KEY {hex:64}",
    "$env:API_KEY = \"{hex:64}\"",
    "client = Client(\"{hex:64}\", base_url=",
    "client = Client(token=\"{hex:64}\", base_url=",
];

/// Lines with the address, and separators between the lines.
const ADDRESSES: &[&str] = &[
    "BASE_URL = \"https://api.attio.com/v2\"",
    "\"baseUrl\": \"https://api.attio.com\"",
    "curl \"https://api.attio.com/v2/objects/people/records/query\" \\",
];
const BETWEEN: &[&str] = &["\n", "\r\n", "\n\n# The workspace of sales\nTIMEOUT = 30\nRETRIES = 3\n"];

const CLIENT: &[&str] = &[
    "attio.client.secret={hex:64}",
    "Attio client secret: {hex:64}",
    "{\"name\":\"ATTIO_CLIENT_SECRET\",\"type\":\"secret\",\"value\":\"{hex:64}\"}",
    "{\"value\":\"{hex:64}\",\"key\":\"ATTIO_CLIENT_SECRET\"}",
    "printf %s {hex:64} | gcloud secrets create attio-client-secret --data-file=-",
];

const WEBHOOK: &[&str] = &[
    "attio.webhook.secret={hex:64}",
    "Attio webhook secret: {hex:64}",
    "variable \"attio_webhook_secret\" {\n  type    = string\n  default = \"{hex:64}\"\n}",
    "- value: {hex:64}\n  name: ATTIO_WEBHOOK_SECRET\n",
    "echo {hex:64} | vercel env add ATTIO_WEBHOOK_SECRET production",
];

/// The number of random tokens for each form.
const FILLINGS: u64 = 5;

/// Expects exactly the 64 digits as one finding of this rule, for every adjacent text.
#[track_caller]
fn expect_found(forms: &[&str], id: &str) {
    let detector = Detector::new(ALL);
    for form in forms {
        for seed in 0..FILLINGS {
            let text = expand(form, &mut Dice::new(seed));
            for text in [text.clone(), format!("# not it\n\n{text}\nlast\n"), text.replace('\n', "\r\n")] {
                let hits = detector.find(text.as_bytes());
                let ids: Vec<_> = hits.iter().map(|hit| hit.rule.id).collect();
                assert_eq!(ids, [id], "`{form}`");
                assert_eq!(hits[0].span.len(), 64, "`{form}`");
            }
        }
    }
}

#[test]
fn an_access_token_is_found_in_every_form() {
    expect_found(ACCESS, "attio-access-token");
}

#[test]
fn a_generic_name_near_the_address_is_found() {
    let detector = Detector::new(ALL);
    for form in GENERIC {
        for (seed, address) in (0..).zip(ADDRESSES) {
            for between in BETWEEN {
                for text in [format!("{form}{between}{address}\n"), format!("{address}{between}{form}\n")] {
                    let text = expand(&text, &mut Dice::new(seed));
                    let hits = detector.find(text.as_bytes());
                    let ids: Vec<_> = hits.iter().map(|hit| hit.rule.id).collect();
                    let place = text.find(address);
                    assert_eq!(ids, ["attio-access-token"], "`{form}`, address {place:?}, separator {between:?}");
                    assert_eq!(hits[0].span.len(), 64, "`{form}`");
                }
            }
        }
    }
}

#[test]
fn other_secrets_are_recognized_by_their_names() {
    expect_found(CLIENT, "attio-client-secret");
    expect_found(WEBHOOK, "attio-webhook-secret");
}

const NONE: &[&str] = &[
    // A Homebrew formula named attio.rb.
    "class Attio < Formula\n  desc \"Token for attio api key\"\n  homepage \"https://attio.com\"\n  url \"https://github.com/attio/cli/archive/v1.tar.gz\"\n  sha256 \"{hex:64}\"\n  license \"MIT\"\n\n  bottle do\n    sha256 cellar: :any, arm64_sonoma: \"{hex:64}\"\n    sha256 x86_64_linux:  \"{hex:64}\"\n  end\n",
    // Lock files.
    "[[package]]\nname = \"attio-api-key\"\nversion = \"0.1.0\"\nsource = \"registry+https://github.com/rust-lang/crates.io-index\"\nchecksum = \"{hex:64}\"\n",
    "[[package]]\nname = \"attio-token\"\nversion = \"0.1.0\"\nfiles = [\n    {file = \"attio_token-0.1.0.tar.gz\", hash = \"sha256:{hex:64}\"},\n]\n",
    "attio-token==1.0 \\\n    --hash=sha256:{hex:64} \\\n    --hash=sha256:{hex:64}\n",
    "\"attio-token\": {\n  \"hashes\": [\n    \"sha256:{hex:64}\"\n  ],\n  \"version\": \"==1.0\"\n}",
    "\"attio-api-key\": {\n  \"type\": \"git\",\n  \"rev\": \"{hex:64}\"\n}",
    "{\"name\": \"attio-api-key\", \"integrity\": \"{hex:64}\"}",
    "{\"integrity\": \"{hex:64}\", \"name\": \"attio-api-key\"}",
    "{hex:64}  attio-token_1.0_linux_amd64.tar.gz\n",
    "h1 {hex:64} attio_api_key.zip",
    // Digests and ids.
    "- name: attio-token\n  image: registry.example.org/attio@sha256:{hex:64}\n",
    "FROM attio/api-key@sha256:{hex:64}\n",
    "docker pull attio/cli@sha256:{hex:64}\n",
    "ENV ATTIO_API_KEY=\nFROM node@sha256:{hex:64}\n",
    "attio api key: commit {hex:64}",
    "Rotate the Attio API key\n\nThis reverts commit {hex:64}.\n",
    "index {hex:64}..{hex:64} 100644\n--- a/attio_token.py\n",
    "curl https://api.attio.com/v2/self -o {hex:64}",
    "https://api.attio.com/v2/objects/{hex:64}",
    "https://example.org/{hex64}@api.attio.com",
    "https://api.attio.com/v2/self\nCHECKSUM={hex:64}",
    // A signature is not a secret.
    "attio-signature: {hex:64}",
    "Attio-Signature: {hex:64}\r\nX-Attio-Signature: {hex:64}\r\nHost: example.org\r\n",
    "curl -H 'attio-signature: {hex:64}' -H 'content-type: application/json' https://example.org/hook",
    "curl https://example.org/hook -H \"attio-signature: {hex:64}\" # from https://api.attio.com",
    "{\"key\": \"Attio-Signature\", \"value\": \"{hex:64}\"}",
    "{\"value\": \"{hex:64}\", \"key\": \"attio-signature\"}",
    "- name: attio-signature\n  value: {hex:64}\n",
    "headers = {\"attio-signature\": \"{hex:64}\"}",
    "request.headers['x-attio-signature'] = '{hex:64}'",
    "verifyAttioSignature(body, '{hex:64}', process.env.ATTIO_WEBHOOK_SECRET)",
    "verify_attio_signature(\"{hex:64}\")",
    "expect(signature).toBe('{hex:64}'); // ATTIO_WEBHOOK_SECRET is \"test\"",
    "process.env.ATTIO_WEBHOOK_SECRET = 'test';\nconst signature = '{hex:64}';\n",
    // The value belongs to another name.
    "- name: CHECKSUM\n  value: {hex:64}\n- name: ATTIO_API_KEY\n  valueFrom: x\n",
    "- name: ATTIO_API_KEY\n  valueFrom:\n    secretKeyRef:\n      name: a\n- name: CHECKSUM\n  value: {hex:64}\n",
    "[{\"name\":\"ATTIO_API_KEY\",\"valueFrom\":\"arn\"},{\"name\":\"CHECKSUM\",\"value\":\"{hex:64}\"}]",
    "[{\"name\":\"CHECKSUM\",\"value\":\"{hex:64}\"},{\"name\":\"ATTIO_API_KEY\",\"valueFrom\":\"arn\"}]",
    "[{\"key\":\"ATTIO_API_KEY\",\"type\":\"secret\"},{\"key\":\"CHECKSUM\",\"value\":\"{hex:64}\"}]",
    "variable \"attio_api_key\" {\n  type = string\n}\n\nvariable \"checksum\" {\n  default = \"{hex:64}\"\n}\n",
    "variable \"checksum\" {\n  default = \"{hex:64}\"\n}\n\nvariable \"attio_api_key\" {\n  type = string\n}\n",
    "ATTIO_API_KEY=\nCHECKSUM={hex:64}\n",
    "CHECKSUM={hex:64}\nATTIO_API_KEY=\n",
    "export CHECKSUM_VALUE={hex:64}\nexport ATTIO_API_KEY=$1\n",
    "echo {hex:64} > checksum; gh secret set ATTIO_API_KEY < key",
    "echo {hex:64} | sha256sum -c && curl -u $ATTIO_API_KEY: https://api.attio.com/v2/self",
    "echo '{hex:64}  attio-api-key.zip' | sha256sum -c -",
    "ATTIO_SHA256={hex:64}",
    "ATTIO_CLI_CHECKSUM={hex:64}",
    "attioSha256(\"{hex:64}\")",
    "attio/patches/path: {hex:64}",
    "attio_cache_key: {digits:64}",
    // A digest whose name starts like the name of a key.
    "ATTIO_TOKEN_SHA256={hex:64}",
    "attio_api_key_hash = \"{hex:64}\"",
    "attio_token_digest: {hex:64}",
    "attioTokenFingerprint = \"{hex:64}\"",
    "[attio]\ntoken_sha256 = \"{hex:64}\"\n",
    "{\"name\": \"attio-token\", \"checksum\": {\"value\": \"{hex:64}\"}}",
    // Generic names near the address.
    "SHA256 = \"{hex:64}\"\nBASE_URL = \"https://api.attio.com/v2\"\n",
    "API_KEY_SHA256 = \"{hex:64}\"\nBASE_URL = \"https://api.attio.com/v2\"\n",
    "TOKEN_HASH={hex:64}\nBASE_URL=https://api.attio.com/v2\n",
    "commit {hex:64}\nAuthor: A\n\n    Take the token from https://api.attio.com/v2/self\n",
    "  \"rev\": \"{hex:64}\",\n  \"url\": \"https://api.attio.com/openapi\"\n",
    "  \"key\": \"{hex:64}\",\n  \"url\": \"https://api.attio.com/v2/self\"\n",
    "  \"resolved\": \"https://api.attio.com/sdk.tgz\",\n  \"integrity\": \"{hex:64}\"\n",
    "  url \"https://attio.com/cli/token-1.0.tar.gz\"\n  sha256 \"{hex:64}\"\n",
    "url = \"https://attio.com/api-key.whl\"\nhash = \"sha256:{hex:64}\"\n",
    "etag: \"{hex:64}\"\nlocation: https://api.attio.com/v2/self\n",
    "x-request-id: {hex:64}\nhost: api.attio.com\n",
    "idempotency-key: {hex:64}\nhost: api.attio.com\n",
    "cache_key = \"{hex:64}\"\nurl = \"https://api.attio.com/v2/self\"\n",
    "page_token = \"{hex:64}\"\nurl = \"https://api.attio.com/v2/self\"\n",
    "csrf_token = \"{hex:64}\"\nurl = \"https://app.attio.com/\"\n",
    "public_key = \"{hex:64}\"\nurl = \"https://api.attio.com/v2/self\"\n",
    "HUBSPOT_API_KEY={hex:64}\nATTIO_URL=https://api.attio.com/v2\n",
    "OPENAI_TOKEN={hex:64}\nATTIO_URL=https://api.attio.com/v2\n",
    "API_KEY=\nBUILD_ID={hex:64}\nURL=https://api.attio.com/v2\n",
    "Client(digest=\"{hex:64}\", base_url=\"https://api.attio.com/v2\")",
    "sha256(\"{hex:64}\") # https://api.attio.com",
    "expect(hash(\"{hex:64}\")); fetch(\"https://api.attio.com/v2/self\")",
    // Attio is one of several names with digests.
    "{\n  \"hubspot\": \"{hex:64}\",\n  \"attio\": \"{hex:64}\"\n}\n",
    "checksums:\n  attio: {hex:64}\n",
    "[hashes]\nattio = \"{hex:64}\"\n",
    "sha256 = {\n  attio = \"{hex:64}\";\n};\n",
    "attio = \"{hex:64}\"",
    "attio: {hex:64}",
    "attio={hex:64}",
    "hashes[\"attio\"] = \"{hex:64}\"",
    "key_hashes = { attio: \"{hex:64}\" }",
    "SHA256 (attio) = {hex:64}",
    "attio.verify(\"{hex:64}\")",
    "attio.get(\"{hex:64}\")",
    "attio.records.find('{hex:64}')",
    "security add-generic-password -s ATTIO_TOKEN -w \"$T\" -c {hex:64}",
    "{HEX:64}  attio-token_1.0_linux_amd64.tar.gz",
    "ATTIO_SHA256={HEX:64}",
];

/// Each text is tested next to a token, so that the test fails if the detector skips the file.
#[test]
fn digests_ids_and_signatures_are_not_tokens() {
    let detector = Detector::new(ALL);
    for text in NONE {
        for seed in 0..FILLINGS {
            let text = expand(&format!("{text}\n\n\nATTIO_API_KEY={hex}", hex = "{hex:64}"), &mut Dice::new(seed));
            let hits = detector.find(text.as_bytes());
            let found: Vec<_> = hits.iter().map(|hit| hit.span.start).collect();
            assert_eq!(found, [text.len() - 64], "{}", text.replace(|c: char| c.is_ascii_digit(), "#"));
        }
    }
}
