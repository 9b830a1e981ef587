#!/usr/bin/env python3
"""Scans a few hundred third-party projects with keysweep, to find false positives.

    python3 benches/foreign.py CACHE             # downloads missing projects to CACHE, scans them, prints the findings
    python3 benches/foreign.py CACHE --limit 2   # uses only the first two packages of each registry, for a quick test

--keysweep FILE uses that binary instead of target/release/keysweep. --offline downloads nothing. CACHE is a folder outside
this repository with 20 GB of free space. Packages are downloaded with the clients of the registries, as configured on
this machine: apt-get (source packages of Debian), cargo vendor, npm install and pip download. Scripts of packages are
not run. Missing clients and packages are reported and left out. Each finding is printed on one line: path, line, rule,
redacted token, fingerprint, encoding. docs/detection.md has the verdict on each finding.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Sources with much text that looks like a token: stacks and sockets with the prefix sk_, test vectors, minified code.
DEBIAN = """
    apache2 binutils bind9 boost1.74 cmake cryptsetup curl docker.io emacs ffmpeg gdb git glibc gnupg2 gnutls28
    golang-1.19 iproute2 krb5 libgcrypt20 libgit2 linux llvm-toolchain-14 lua5.4 mariadb mbedtls nginx nodejs nss
    openldap openssh openssl openvpn perl php8.2 postgresql-15 python3.11 qemu redis ruby3.1 rustc samba sqlite3
    systemd vim wireshark wpa zstd
""".split()

# Each crate adds its dependencies.
CRATES = """
    async-stripe aws-lc-rs aws-sdk-s3 axum biscuit boring clap diesel gix jsonwebtoken libgit2-sys ignore
    kube object_store opentelemetry-otlp openssl-src polars rcgen reqwest ring rustls serde_json sqlx svix
    standardwebhooks swc_ecma_parser tantivy tokio tokenizers tower-http wasmtime windows
""".split()

NPM = """
    @angular/cli @aws-sdk/client-s3 @babel/standalone @clerk/backend @crossmint/client-sdk-react-ui @octokit/rest
    @sentry/node @sveltejs/kit @workos-inc/node bootstrap checkout-sdk-node d3 echarts electron-builder
    elevenlabs eslint express firebase gatsby jest jsonwebtoken katex lodash mathjax mermaid monaco-editor next
    node-forge nuxt openai paystack-api pdfjs-dist playwright-core prettier prisma react-native resend
    standardwebhooks stripe svix three typescript vite webpack
""".split()

PYPI = """
    ansible apache-airflow azure-mgmt-network bokeh boto3 cartesia cryptography detect-secrets django elevenlabs
    fastapi flask google-api-python-client jupyterlab matplotlib mitmproxy notebook numpy openai pandas plotly
    poetry pycryptodome resend scikit-learn scipy scrapy sentry-sdk sphinx spyder standardwebhooks stripe svix
    sympy twilio twisted workos
""".split()


def main():
    words = argparse.ArgumentParser(description="Scans third-party projects with keysweep.")
    words.add_argument("cache", type=lambda text: pathlib.Path(text).resolve())
    words.add_argument("--keysweep", default=ROOT / "target/release/keysweep", type=pathlib.Path)
    words.add_argument("--limit", type=int, help="packages of each registry")
    words.add_argument("--offline", action="store_true")
    given = words.parse_args()
    if given.cache == ROOT or ROOT in given.cache.parents:
        sys.exit(f"foreign: {given.cache} is in the repository")
    if not given.offline:
        fetch_all(given.cache, given.limit)
    print_size(given.cache)
    scan(given.cache, given.keysweep)


def fetch_all(cache, limit):
    for fetch, names in ((fetch_debian, DEBIAN), (fetch_crates, CRATES), (fetch_npm, NPM), (fetch_pypi, PYPI)):
        folder = cache / fetch.__name__.removeprefix("fetch_")
        folder.mkdir(parents=True, exist_ok=True)
        # The marker shows that the folder is complete, so an interrupted download is resumed.
        mark = folder / ".fetched"
        if mark.exists():
            continue
        try:
            fetch(folder, names[:limit])
            if limit is None:
                mark.touch()
        except (OSError, subprocess.CalledProcessError) as why:
            print(f"foreign: {fetch.__name__}: {why}", file=sys.stderr)


def run(words, folder, **more):
    print(f"foreign: {' '.join(words[:3])} …", file=sys.stderr)
    subprocess.run(words, cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, **more)


def fetch_debian(folder, names):
    apt = folder.parent / ".apt"
    for part in ("lists/partial", "cache/archives/partial", "sources"):
        (apt / part).mkdir(parents=True, exist_ok=True)
    write_source_lists(apt / "sources")
    # The package lists of the machine do not change. Sources are unpacked with tar, without patches.
    options = [
        "-q", "-o", "Dir::Etc::SourceList=/dev/null", "-o", f"Dir::Etc::SourceParts={apt / 'sources'}",
        "-o", f"Dir::State::Lists={apt / 'lists'}", "-o", f"Dir::Cache={apt / 'cache'}", "-o", "APT::Sandbox::User=root",
    ]
    run(["apt-get", *options, "update"], apt)
    for package in names:
        target = folder / package
        if not target.exists():
            fetch_source(package, target, options)


def write_source_lists(target):
    """Writes this machine's Debian entries with sources instead of binaries.

    Security suites are left out, since their packages are soon replaced, and not every mirror is in sync with the lists.
    """
    for name in ("sources.list", "sources.list.d/debian.sources", "sources.list.d/ubuntu.sources"):
        file = pathlib.Path("/etc/apt") / name
        if file.exists():
            blank = "\n" if name == "sources.list" else "\n\n"
            entries = [entry for entry in file.read_text().split(blank) if "-security" not in entry]
            text = re.sub(r"(?m)^(deb |Types:.*)", lambda m: "deb-src " if m[0] == "deb " else "Types: deb-src", blank.join(entries))
            suffix = ".list" if name == "sources.list" else ".sources"
            (target / (file.stem + suffix)).write_text(text + "\n")


def fetch_source(package, target, options):
    load = target.with_name(target.name + ".part")
    shutil.rmtree(load, ignore_errors=True)
    load.mkdir()
    try:
        run(["apt-get", *options, "source", "--download-only", package], load)
    except subprocess.CalledProcessError as why:
        print(f"foreign: {package} is left out: {why}", file=sys.stderr)
        return shutil.rmtree(load)
    for archive in sorted(load.glob("*.tar.*")):
        if not archive.name.endswith(".asc"):
            run(["tar", "-xf", archive.name, "--no-same-owner"], load)
            archive.unlink()
    load.rename(target)


def fetch_crates(folder, names):
    manifest = '[package]\nname = "foreign"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\n'
    (folder / "Cargo.toml").write_text(manifest)
    (folder / "lib.rs").write_text("")
    for name in names:
        try:
            run(["cargo", "add", "--quiet", name], folder)
        except subprocess.CalledProcessError:
            print(f"foreign: {name} is left out", file=sys.stderr)
    run(["cargo", "vendor", "--quiet", "--versioned-dirs", "tree"], folder)


def fetch_npm(folder, names):
    for name in names:
        # Install each package in its own folder, since their peer dependencies conflict.
        target = folder / name.replace("/", "+")
        if target.exists():
            continue
        load = target.with_name(target.name + ".part")
        shutil.rmtree(load, ignore_errors=True)
        load.mkdir()
        (load / "package.json").write_text("{}")
        quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", "--legacy-peer-deps"]
        try:
            run(["npm", "install", name, *quiet], load)
            load.rename(target)
        except subprocess.CalledProcessError:
            print(f"foreign: {name} is left out", file=sys.stderr)
            shutil.rmtree(load, ignore_errors=True)


def fetch_pypi(folder, names):
    wheels = folder.parent / ".wheels"
    wheels.mkdir(exist_ok=True)
    for name in names:
        try:
            quiet = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
            run([sys.executable, "-m", "pip", "download", *quiet, "--dest", str(wheels), name], folder)
        except subprocess.CalledProcessError:
            print(f"foreign: {name} is left out", file=sys.stderr)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / wheel.name.split("-")[0])
        wheel.unlink()


def projects(cache):
    """Yields the folder of each project, the unit of counting here and of the split in discriminator.py."""
    yield from sorted(p for p in (cache / "debian").glob("*") if p.is_dir() and p.suffix != ".part")
    yield from sorted(p for p in (cache / "crates/tree").glob("*") if p.is_dir())
    yield from sorted(p for p in (cache / "pypi").glob("*") if p.is_dir())
    seen = set()
    for modules in sorted((cache / "npm").glob("*/node_modules")):
        for module in sorted([*modules.glob("[!.@]*"), *modules.glob("@*/*")]):
            name = str(module.relative_to(modules))
            if module.is_dir() and name not in seen:
                seen.add(name)
                yield module


def trees(cache):
    return [cache / part for part in ("debian", "crates", "npm", "pypi") if (cache / part).exists()]


def print_size(cache):
    count = sum(1 for _ in projects(cache))
    size = files = 0
    for tree in trees(cache):
        for folder, _, names in os.walk(tree):
            size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
            files += len(names)
    print(f"{count} projects, {files} files, {size / 1e9:.1f} GB")


def scan(cache, keysweep):
    words = [str(keysweep), "files", "--format", "jsonl", "--color", "never", *map(str, trees(cache))]
    # Do not run in the cache, where keysweep would use a configuration of a project.
    child = subprocess.run(words, cwd=pathlib.Path(__file__).parent, stdout=subprocess.PIPE, check=False)
    if child.returncode not in (0, 1):
        print(f"foreign: keysweep exited with {child.returncode}", file=sys.stderr)
    for line in child.stdout.decode(errors="replace").splitlines():
        event = json.loads(line)
        if event["type"] == "finding":
            path = event["path"].split(f"{cache.name}/", 1)[-1]
            print(path, event["line"], event["rule"], event["redacted"], event["fingerprint"], event["encoding"], sep="\t")
        else:
            print({key: event[key] for key in ("findings", "tokens", "scanned", "skipped", "unread")})


if __name__ == "__main__":
    main()
