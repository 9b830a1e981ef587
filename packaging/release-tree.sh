#!/bin/sh
# Writes the tree that a release tags: `sh packaging/release-tree.sh DIR`.
#
# It is the tree of HEAD, but with the hooks `keysweep`, `keysweep-commit-msg`, `keysweep-pre-push` and `keysweep-files`
# installed from the published wheel. In the main branch they build from source, since the wheel of a version exists only
# once the version is released, and before the first release the name belongs to nobody.
set -eu
[ $# -eq 1 ] || { echo "usage: sh packaging/release-tree.sh DIR" >&2; exit 2; }
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)
cd "$(dirname -- "$0")/.."

version=$(sh packaging/version.sh)
git archive HEAD | tar -xf - -C "$out"
cp -R packaging/release/. "$out"
sed "s/@VERSION@/$version/" packaging/release/.pre-commit/backend.py >"$out/.pre-commit/backend.py"

# The hooks that build from source have ids of their own.
awk '
    $1 == "-" && $2 == "id:" { source = $3 ~ /^keysweep-src/ }
    $1 == "language:" && $2 == "rust" && !source { sub("rust", "python") }
    { print }
' .pre-commit-hooks.yaml >"$out/.pre-commit-hooks.yaml"

# The job of GitLab installs the package too.
sed -e "s/KEYSWEEP_REF: main/KEYSWEEP_REF: v$version/" -e 's/image: rust:.*/image: python:3.14-bookworm/' packaging/ci/gitlab.yml \
    >"$out/packaging/ci/gitlab.yml"
