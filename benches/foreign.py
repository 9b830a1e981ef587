#!/usr/bin/env python3
"""What keysweep says of a few hundred projects that nobody wrote for it.

    python3 benches/foreign.py CACHE            # fetches into CACHE what is not there, sweeps it, prints the hits
    python3 benches/foreign.py CACHE KEYSWEEP   # with that binary instead of target/release/keysweep

CACHE is a folder outside this repository with 15 GB to spare. Packages come through the registries' own clients, as
they are set up on the machine: apt-get (Debian's source packages), cargo vendor, npm install and pip download. No
script of a package is run. A client that is missing, or a package that is gone, is told of and left out. The hits are
printed redacted, one a line: folder, path, line, rule, redacted form. docs/detection.md has the verdict on each.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import zipfile

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
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    cache = pathlib.Path(sys.argv[1]).resolve()
    house = pathlib.Path(__file__).resolve().parent.parent
    if cache == house or house in cache.parents:
        sys.exit(f"foreign: {cache} stands in the repository")
    keysweep = sys.argv[2] if len(sys.argv) == 3 else str(house / "target/release/keysweep")
    for fetch in (fetch_debian, fetch_crates, fetch_npm, fetch_pypi):
        try:
            fetch(cache / fetch.__name__.removeprefix("fetch_"))
        except (OSError, subprocess.CalledProcessError) as why:
            print(f"foreign: {fetch.__name__}: {why}", file=sys.stderr)
    tell_size(cache)
    sweep(cache, keysweep)


def run(words, folder, **more):
    print(f"foreign: {' '.join(words[:3])} …", file=sys.stderr)
    subprocess.run(words, cwd=folder, check=True, stdin=subprocess.DEVNULL, stdout=sys.stderr, **more)


def is_done(folder):
    """A folder that was fetched whole bears a mark, so that a broken fetch is taken up again."""
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / ".fetched").exists()


def fetch_debian(folder):
    if is_done(folder):
        return
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
    for package in DEBIAN:
        target = folder / package
        if not target.exists():
            fetch_source(package, target, options)
    (folder / ".fetched").touch()


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


def fetch_crates(folder):
    if is_done(folder):
        return
    manifest = '[package]\nname = "foreign"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n[dependencies]\n'
    (folder / "Cargo.toml").write_text(manifest)
    (folder / "lib.rs").write_text("")
    for name in CRATES:
        try:
            run(["cargo", "add", "--quiet", name], folder)
        except subprocess.CalledProcessError:
            print(f"foreign: {name} is left out", file=sys.stderr)
    run(["cargo", "vendor", "--quiet", "--versioned-dirs", "tree"], folder)
    (folder / ".fetched").touch()


def fetch_npm(folder):
    if is_done(folder):
        return
    for name in NPM:
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
    (folder / ".fetched").touch()


def fetch_pypi(folder):
    if is_done(folder):
        return
    wheels = folder.parent / ".wheels"
    wheels.mkdir(exist_ok=True)
    for name in PYPI:
        try:
            quiet = ["--quiet", "--disable-pip-version-check", "--only-binary", ":all:"]
            run([sys.executable, "-m", "pip", "download", *quiet, "--dest", str(wheels), name], folder)
        except subprocess.CalledProcessError:
            print(f"foreign: {name} is left out", file=sys.stderr)
    for wheel in sorted(wheels.glob("*.whl")):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder / wheel.name.split("-")[0])
        wheel.unlink()
    (folder / ".fetched").touch()


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


def tell_size(cache):
    count = sum(1 for _ in projects(cache))
    size = files = 0
    for folder, _, names in os.walk(cache):
        for name in names:
            about = os.lstat(os.path.join(folder, name))
            size += about.st_size
            files += 1
    print(f"{count} projects, {files} files, {size / 1e9:.1f} GB")


def sweep(cache, keysweep):
    trees = [str(cache / part) for part in ("debian", "crates", "npm", "pypi") if (cache / part).exists()]
    words = [keysweep, "files", "--format", "jsonl", "--color", "never", *trees]
    # Not in the cache: a configuration there would be taken for the user's.
    child = subprocess.run(words, cwd=pathlib.Path(__file__).parent, stdout=subprocess.PIPE, check=False)
    if child.returncode not in (0, 1):
        print(f"foreign: keysweep ended with {child.returncode}", file=sys.stderr)
    for line in child.stdout.decode(errors="replace").splitlines():
        said = json.loads(line)
        if said["type"] == "finding":
            path = said["path"].split(f"{cache.name}/", 1)[-1]
            print(path, said["line"], said["rule"], said["redacted"], said["fingerprint"], sep="\t")
        else:
            print({key: said[key] for key in ("findings", "tokens", "allowed", "scanned", "seconds")})


if __name__ == "__main__":
    main()
