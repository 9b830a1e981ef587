#!/usr/bin/env python3
"""What keysweep says of a few hundred projects that nobody wrote for it.

    python3 benches/foreign.py CACHE             # fetches into CACHE what is not there, sweeps it, prints the hits
    python3 benches/foreign.py CACHE --limit 2   # of each registry the first two packages only, to try it out

--keysweep FILE sweeps with that binary instead of target/release/keysweep, --offline fetches nothing. CACHE is a folder
outside this repository with 20 GB to spare. Packages come through the registries' own clients, as
they are set up on the machine: apt-get (Debian's source packages), cargo vendor, npm install and pip download. No
script of a package is run. A client that is missing, or a package that is gone, is told of and left out. The hits are
printed redacted, one a line: path, line, rule, redacted form, fingerprint, encoding. docs/detection.md has the verdict on each.
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

HOUSE = pathlib.Path(__file__).resolve().parent.parent

# Sources with much of what looks like a token: stacks and sockets whose prefix is sk_, test vectors, minified code.
DEBIAN = """
    apache2 binutils bind9 boost1.74 cmake cryptsetup curl docker.io emacs ffmpeg gdb git glibc gnupg2 gnutls28
    golang-1.19 iproute2 krb5 libgcrypt20 libgit2 linux llvm-toolchain-14 lua5.4 mariadb mbedtls nginx nodejs nss
    openldap openssh openssl openvpn perl php8.2 postgresql-15 python3.11 qemu redis ruby3.1 rustc samba sqlite3
    systemd vim wireshark wpa zstd
""".split()

# Each brings its dependencies.
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
    words = argparse.ArgumentParser(description="What keysweep says of foreign projects.")
    words.add_argument("cache", type=lambda text: pathlib.Path(text).resolve())
    words.add_argument("--keysweep", default=HOUSE / "target/release/keysweep", type=pathlib.Path)
    words.add_argument("--limit", type=int, help="packages of each registry")
    words.add_argument("--offline", action="store_true")
    given = words.parse_args()
    if given.cache == HOUSE or HOUSE in given.cache.parents:
        sys.exit(f"foreign: {given.cache} stands in the repository")
    if not given.offline:
        fetch_all(given.cache, given.limit)
    tell_size(given.cache)
    sweep(given.cache, given.keysweep)


def fetch_all(cache, limit):
    for fetch, names in ((fetch_debian, DEBIAN), (fetch_crates, CRATES), (fetch_npm, NPM), (fetch_pypi, PYPI)):
        folder = cache / fetch.__name__.removeprefix("fetch_")
        folder.mkdir(parents=True, exist_ok=True)
        # A folder that was fetched whole bears a mark, so that a broken fetch is taken up again.
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
    # The machine's own lists stay as they are; what is fetched is unpacked by tar, with no patch applied.
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
    """Debian's own entries of this machine, with sources in the place of binaries.

    Security suites are left out: what their lists name is soon replaced, and not every mirror has both in step.
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
        # Each in a folder of its own: together they would not agree on the versions of their peers.
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
    """Every project's folder: the parts by which foreign trees are counted, and told apart in discriminator.py."""
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


def tell_size(cache):
    count = sum(1 for _ in projects(cache))
    size = files = 0
    for tree in trees(cache):
        for folder, _, names in os.walk(tree):
            size += sum(os.lstat(os.path.join(folder, name)).st_size for name in names)
            files += len(names)
    print(f"{count} projects, {files} files, {size / 1e9:.1f} GB")


def sweep(cache, keysweep):
    words = [str(keysweep), "files", "--format", "jsonl", "--color", "never", *map(str, trees(cache))]
    # Not in the cache: a configuration there would be taken for the user's.
    child = subprocess.run(words, cwd=pathlib.Path(__file__).parent, stdout=subprocess.PIPE, check=False)
    if child.returncode not in (0, 1):
        print(f"foreign: keysweep ended with {child.returncode}", file=sys.stderr)
    for line in child.stdout.decode(errors="replace").splitlines():
        said = json.loads(line)
        if said["type"] == "finding":
            path = said["path"].split(f"{cache.name}/", 1)[-1]
            print(path, said["line"], said["rule"], said["redacted"], said["fingerprint"], said["encoding"], sep="\t")
        else:
            print({key: said[key] for key in ("findings", "tokens", "scanned", "skipped", "unread")})


if __name__ == "__main__":
    main()
