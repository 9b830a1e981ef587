#!/bin/sh
# Measures each way from nothing to a blocked token: `sh packaging/measure.sh WHEELS [WAY...]`. WHEELS is the folder of
# packaging/pypi/build.sh. It prints rows for the table in the README: the time of all processes, and the time of the clock.
#
# Each way starts with empty caches, except that Rust, Python, Node.js and the runners are installed. pre-commit, prek, uv, husky
# and lefthook must be in PATH for the ways that use them.
set -eu
[ $# -ge 1 ] || { echo "usage: sh packaging/measure.sh WHEELS [WAY...]" >&2; exit 2; }
root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
wheels=$(CDPATH='' cd -- "$1" && pwd)
shift
[ $# -gt 0 ] || set -- pip uv pre-commit prek husky source pre-commit-src
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

RUSTUP_HOME=${RUSTUP_HOME:-$HOME/.rustup}
PIP_NO_INDEX=1 PIP_FIND_LINKS=$wheels UV_NO_INDEX=1 UV_FIND_LINKS=$wheels
GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org
export RUSTUP_HOME PIP_NO_INDEX PIP_FIND_LINKS UV_NO_INDEX UV_FIND_LINKS GIT_CONFIG_GLOBAL GIT_CONFIG_NOSYSTEM
export GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL

# What a release publishes, and a repository with its tag.
sh "$root/packaging/programs.sh" "$wheels" "$work/programs"
sh "$root/packaging/npm/build.sh" "$work/programs" "$work/npm" >/dev/null
sh "$root/packaging/release-tree.sh" "$work/release"
git -C "$work/release" init -q
git -C "$work/release" add --all --force
git -C "$work/release" commit -q -m release
git -C "$work/release" tag v1

# The configuration for a framework, for the hooks of a repository at a revision.
configure() {
    sed -e "s|repo: URL.*|repo: $1|" -e "s|rev: COMMIT.*|rev: $2|" "$root/docs/pre-commit.yaml" >.pre-commit-config.yaml
    git add .pre-commit-config.yaml
}

in_path() {
    PATH=$1:$PATH
    export PATH
    keysweep install
}

prepare() {
    case $1 in
    pip) python3 -m venv "$HOME/venv" && "$HOME/venv/bin/pip" install keysweep && in_path "$HOME/venv/bin" ;;
    uv) uv tool install keysweep && in_path "$HOME/.local/bin" ;;
    pre-commit) configure "$work/release" v1 && pre-commit install ;;
    prek) configure "$work/release" v1 && prek install ;;
    husky)
        echo '{"private": true}' >package.json
        npm install --offline "$work"/npm/*.tgz
        mkdir .husky
        cp "$root"/docs/husky/* .husky
        husky
        ;;
    source) cargo install --locked --path "$root" --root "$HOME/installed" && in_path "$HOME/installed/bin" ;;
    source-quick)
        CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            cargo install --locked --path "$root" --root "$HOME/installed"
        in_path "$HOME/installed/bin"
        ;;
    pre-commit-src) configure "$root" "$(git -C "$root" rev-parse HEAD)" && pre-commit install ;;
    *) echo "measure.sh: unknown way: $1" >&2; exit 2 ;;
    esac
}

# Runs a way in an empty home. The last lines are the times of the shell and of its children.
measure() {
    HOME=$work/home
    CARGO_HOME=$HOME/cargo CARGO_TARGET_DIR=$HOME/target UV_TOOL_DIR=$HOME/uv UV_TOOL_BIN_DIR=$HOME/.local/bin
    UV_CACHE_DIR=$HOME/uv-cache XDG_CACHE_HOME=$HOME/cache npm_config_cache=$HOME/npm
    export HOME CARGO_HOME CARGO_TARGET_DIR UV_TOOL_DIR UV_TOOL_BIN_DIR UV_CACHE_DIR XDG_CACHE_HOME npm_config_cache
    mkdir -p "$HOME/repo"
    cd "$HOME/repo"
    git init -q
    prepare "$1"
    body=$(head -c 2000 /dev/urandom | LC_ALL=C tr -dc A-Za-z0-9 | cut -c 1-24)
    echo "client = Client(\"sk_live_$body\")" >billing.py
    git add billing.py
    git commit -m leak && exit 1
    times
}

for way; do
    rm -rf "${work:?}/home"
    start=$(date +%s)
    if ! (measure "$way") >"$work/log" 2>&1 || ! grep -q "1 token in" "$work/log"; then
        cat "$work/log" >&2
        echo "measure.sh: $way does not block the token" >&2
        exit 1
    fi
    end=$(date +%s)
    tail -n 1 "$work/log" | tr 'ms' '  ' |
        awk -v way="$way" -v clock=$((end - start)) '{ printf "| %s | %.0f s | %d s |\n", way, $1 * 60 + $2 + $3 * 60 + $4, clock }'
done
