#!/usr/bin/env python3
"""Generates src/rules/published_values.rs: hashes of values from the documentation, libraries and samples of vendors.

    python3 benches/published.py CACHE            # downloads missing sources to CACHE, prints hashes and sources
    python3 benches/published.py CACHE --write    # writes the hashes to src/rules/published_values.rs
    python3 benches/published.py CACHE --offline  # reads only the sources in CACHE

CACHE is a folder outside this repository with 20 GB of free space. It contains a bare clone of each repository as
OWNER+NAME, and the packages and pages below packages/ and pages/. No downloaded program is run. No token is printed or
written.

The lists below must contain only sources of the vendors themselves: documentation, libraries and samples. A value that
is common in other code may be a leak. The script reads the whole history of a repository, since tutorials repeat values
of old versions. It leaves out values in third-party code inside such a repository.

keysweep itself finds the values, in a build without the list (KEYSWEEP_FIND_PUBLISHED). The list includes publishable
keys, since people paste them after the prefix of a secret key. An entry whose source cannot be read does not change.
"""

import argparse
import collections
import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "src/rules/published_values.rs"
PUBLISHED = ROOT / "src/rules/published.rs"
TARGET = ROOT / "target/published"

GITHUB = """
    apideck-libraries/openapi-specs attio/linear-app cartesia-ai/cartesia-js cartesia-ai/cartesia-python
    cartesia-ai/docs checkout/checkout-sdk-go checkout/checkout-sdk-java checkout/checkout-sdk-net
    checkout/checkout-sdk-node checkout/checkout-sdk-php checkout/checkout-sdk-python clerk/clerk-docs
    clerk/clerk-ios clerk/clerk-nextjs-demo-app-router clerk/clerk-sdk-go clerk/clerk-sdk-node
    clerk/clerk-sdk-python clerk/clerk-sdk-ruby clerk/cli clerk/javascript clerk/openapi-specs
    Crossmint/crossmint-sdk culqi/culqi-demos culqi/culqi-docs culqi/culqi-go culqi/culqi-ios culqi/culqi-java
    culqi/culqi-java-demo-checkoutv4-culqi3ds culqi/culqi-net culqi/culqi-net_framework culqi/culqi-php
    culqi/culqi-php-demo-jsv4-culqi3ds culqi/culqi-python culqi/culqi-ruby culqi/culqi-rust culqi/culqi-woocommerce
    dodopayments/billingsdk dodopayments/dodo-docs dodopayments/dodopayments-node dodopayments/dodopayments-python
    elevenlabs/elevenlabs-docs elevenlabs/elevenlabs-examples elevenlabs/elevenlabs-js elevenlabs/elevenlabs-python
    Flutterwave/Node-v3 getsafepay/node-core getsafepay/safepay-atoms getsafepay/safepay-checkout
    getsafepay/safepay-node getsafepay/safepay-python getsafepay/sfpy-php getsafepay/sfpy-react-native
    GitbookIO/integrations iexcloud/docs iexcloud/examples iexcloud/iexjs iexcloud/pyEX iexg/IEX-API
    incident-io/catalog-importer klaviyo/klaviyo-api-node liveblocks/liveblocks lmsqueezy/lemonsqueezy.js
    openai/openai-agents-python openai/openai-cookbook openai/openai-dotnet openai/openai-go openai/openai-java
    openai/openai-node openai/openai-openapi openai/openai-python openai/openai-ruby payjp/payjp-android
    payjp/payjp-cli payjp/payjp-flutter-plugin payjp/payjp-go payjp/payjp-ios payjp/payjp-java payjp/payjp-node
    payjp/payjp-perl payjp/payjp-php payjp/payjp-php-tds-sample payjp/payjp-python payjp/payjp-react-native-plugin
    payjp/payjp-ruby payjp/payjpv2-python payjp/payjpv2-samples paymongo/paymongo-java paymongo/paymongo-node
    paymongo/paymongo-php paymongo/paymongo-python paymongo/paymongo-ruby PaystackHQ/checkout-android
    PaystackHQ/paystack-android PaystackHQ/paystack-music-api PaystackHQ/plugin-magento-2
    PaystackOSS/doc-code-snippets PaystackOSS/openapi PaystackOSS/paystack-node PaystackOSS/paystack-python
    PaystackOSS/plugin-payment-forms-for-wordpress polarsource/polar polarsource/polar-adapters polarsource/polar-js
    polarsource/polar-python resend/resend-examples resend/resend-go resend/resend-node resend/resend-openapi
    resend/resend-php resend/resend-python resend/resend-ruby sarvamai/sarvam-ai-cookbook
    standard-webhooks/standard-webhooks stripe-archive/stripe-payments-demo stripe-samples/accept-a-payment
    stripe-samples/checkout-one-time-payments stripe-samples/checkout-single-subscription
    stripe-samples/issuing-treasury stripe-samples/subscription-use-cases stripe-samples/terminal-apps-on-devices
    stripe/agent-toolkit stripe/openapi stripe/react-stripe-js stripe/stripe-android stripe/stripe-apps
    stripe/stripe-cli stripe/stripe-dotnet stripe/stripe-firebase-extensions stripe/stripe-go stripe/stripe-ios
    stripe/stripe-java stripe/stripe-js stripe/stripe-mock stripe/stripe-node stripe/stripe-php
    stripe/stripe-postman stripe/stripe-python stripe/stripe-react-native stripe/stripe-ruby
    stripe/stripe-terminal-ios stripe/stripe-terminal-react-native stripe/sync-engine stripe/vscode-stripe
    supabase/auth supabase/auth-js supabase/cli supabase/supabase svix/diom svix/svix-cli svix/svix-docs
    svix/svix-webhooks Tap-Payments/goSellSDK-Android Tap-Payments/goSellSDK-iOS workos/authkit-nextjs workos/cli
    workos/openapi-spec workos/workos-dotnet workos/workos-go workos/workos-kotlin workos/workos-node
    workos/workos-php workos/workos-python workos/workos-ruby workos/workos-rust
""".split()

# Packages of vendors whose repository is too large to clone only for its samples.
NPM = """
    @liveblocks/node @stripe/stripe-js @supabase/auth-js @elevenlabs/elevenlabs-js @clerk/backend
""".split()

# Pages that contain a value.
PAGES = """
    https://docs.stripe.com/keys
    https://docs.stripe.com/webhooks
    https://docs.stripe.com/api/authentication
    https://docs.svix.com/receiving/verifying-payloads/how
    https://docs.svix.com/receiving/verifying-payloads/how-manual
    https://developers.tap.company/reference/testing-keys
    https://docs.ada.cx/webhooks
    https://api.attio.com/openapi/api
    https://pay.jp/docs/api/
""".split()

# Rules for publishable keys. Secret keys have built-in rules.
CONFIG = "".join(
    f"[[rule]]\nid = 'publishable-{nth}'\nprefix = '{prefix}'\n"
    for nth, prefix in enumerate(["pk_live_", "pk_test_", "pk_org_", "whpk_"])
)

# Folders of third-party code, and its lock files.
FOREIGN = re.compile(r"(^|/)(node_modules|vendor|third_party|Pods)/|(^|/)(package-lock\.json|pnpm-lock\.yaml|yarn\.lock)$")


def main():
    words = argparse.ArgumentParser(description="Generates the list of published values.")
    words.add_argument("cache", type=lambda text: pathlib.Path(text).resolve())
    words.add_argument("--offline", action="store_true", help="download nothing")
    words.add_argument("--write", action="store_true", help="write src/rules/published_values.rs")
    given = words.parse_args()
    if given.cache == ROOT or ROOT in given.cache.parents:
        sys.exit(f"published: {given.cache} is in the repository")
    given.cache.mkdir(parents=True, exist_ok=True)
    if not given.offline:
        fetch_all(given.cache)
    keysweep = build()
    marks, regions, shortest, fewest = rules_of_the_body()
    found = {}
    read = set()
    for source, tokens in values(given.cache, keysweep):
        read.add(source)
        for token, place in tokens:
            compared = compare(token, marks, regions, shortest, fewest)
            found.setdefault(hashlib.sha256(compared).hexdigest()[:16], place)
    for value, place in present():
        is_read = any(place.startswith(source) for source in read)
        if value not in found and not is_read:
            found[value] = place
    for value, place in sorted(found.items()):
        print(value, place)
    print(f"published: {len(found)} values, {len(read)} sources read", file=sys.stderr)
    if given.write:
        write(found)


def fetch_all(cache):
    for name in GITHUB:
        folder = cache / name.replace("/", "+")
        if not folder.exists():
            run(["git", "clone", "--quiet", "--bare", f"https://github.com/{name}", str(folder)])
    packages = cache / "packages"
    packages.mkdir(exist_ok=True)
    for name in NPM:
        folder = packages / name.replace("/", "+")
        if not folder.exists():
            folder.mkdir()
            if run(["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", str(folder), name]):
                archive = next(folder.glob("*.tgz"))
                run(["tar", "-xzf", str(archive), "-C", str(folder)])
                archive.unlink()
    pages = cache / "pages"
    pages.mkdir(exist_ok=True)
    for address in PAGES:
        file = pages / address.replace("/", "+")
        if not file.exists():
            try:
                with urllib.request.urlopen(address, timeout=30) as answer:
                    file.write_bytes(answer.read())
            except OSError as error:
                print(f"published: {address}: {error}", file=sys.stderr)


def run(command):
    # If one source fails, continue with the others.
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        print(f"published: {' '.join(command)}: {done.stderr.strip()}", file=sys.stderr)
    return done.returncode == 0


def build():
    environment = dict(os.environ, KEYSWEEP_FIND_PUBLISHED="1")
    command = ["cargo", "build", "--quiet", "--release", "--target-dir", str(TARGET)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    return TARGET / "release/keysweep"


def rules_of_the_body():
    # Read the constants from the Rust code, so that both use the same values.
    code = PUBLISHED.read_text()
    listed = lambda name: re.findall(r'"([^"]+)"', re.search(rf"const {name}: [^=]*=\s*&\[(.*?)\];", code, re.S)[1])
    number = lambda name: int(re.search(rf"const {name}: \w+ = (\d+);", code)[1])
    return listed("MARKS"), listed("REGIONS"), number("SHORTEST_BODY"), number("FEWEST_CHARACTERS")


def compare(token, marks, regions, shortest, fewest):
    body = token
    while True:
        mark = next((mark for mark in marks if body.startswith(mark.encode() + b"_")), None)
        if mark is None:
            break
        body = body[len(mark) + 1 :]
    region = next((region for region in regions if body.endswith(region.encode())), "")
    body = body[: len(body) - len(region)].rstrip(b"=")
    return body if len(body) >= shortest and len(set(body)) >= fewest else token


def values(cache, keysweep):
    """Yields each source in CACHE with its tokens and their places."""
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
        config.write(CONFIG)
        config.flush()
        scan = [str(keysweep), "--format", "jsonl", "--config", config.name]
        for name in GITHUB:
            folder = cache / name.replace("/", "+")
            if folder.exists():
                yield f"github.com/{name}", of_repository(scan, folder, f"github.com/{name}")
        for name in NPM:
            folder = cache / "packages" / name.replace("/", "+")
            if folder.exists():
                yield f"npm {name}", of_files(scan, folder, f"npm {name}")
        for address in PAGES:
            file = cache / "pages" / address.replace("/", "+")
            if file.exists():
                yield address, of_files(scan, file, address)


def findings(command, folder):
    done = subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = (json.loads(line) for line in done.stdout.splitlines())
    # Encoded tokens cannot be cut out of the file, and tokens in names have no line.
    return [one for one in lines if one.get("type") == "finding" and one["line"] and not one["encoding"]]


def of_repository(scan, folder, source):
    tokens = []
    for one in findings([scan[0], "history", *scan[1:]], folder):
        path = one["path"] or ""
        if one.get("object") is None or FOREIGN.search(path):
            continue
        blob = subprocess.run(["git", "cat-file", "blob", one["object"]], cwd=folder, capture_output=True).stdout
        add(tokens, one, blob, f"{source}: {path}")
    return tokens


def of_files(scan, place, source):
    tokens = []
    folder = place if place.is_dir() else place.parent
    for one in findings([scan[0], "files", *scan[1:], str(place)], folder):
        file = folder / one["path"]
        if not FOREIGN.search(one["path"]) and file.is_file():
            add(tokens, one, file.read_bytes(), f"{source}: {one['path']}" if place.is_dir() else source)
    return tokens


def add(tokens, one, text, place):
    lines = text.split(b"\n")
    line = lines[one["line"] - 1] if one["line"] <= len(lines) else b""
    token = line[one["column"] - 1 : one["end_column"] - 1]
    if hashlib.sha256(token).hexdigest()[:16] == one["fingerprint"]:
        tokens.append((token, re.sub(r"[^ -~]", "?", place)))


def present():
    if TABLE.exists():
        for bits, place in re.findall(r"^    0x([0-9a-f_]+), // (.*)$", TABLE.read_text(), re.M):
            yield bits.replace("_", ""), place


def write(found):
    lines = [f"    0x{'_'.join(re.findall('....', value))}, // {place}\n" for value, place in sorted(found.items())]
    TABLE.write_text(
        "//! The first 64 bits of the SHA-256 of each published value's body, and where its vendor prints it.\n"
        "//! Written by `benches/published.py`.\n\n"
        "#[rustfmt::skip]\n"
        "pub(super) const PUBLISHED: &[u64] = &[\n" + "".join(lines) + "];\n"
    )


if __name__ == "__main__":
    main()
