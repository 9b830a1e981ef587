#!/bin/sh
# Installs keysweep for a job: `sh packaging/ci/install.sh DIR` makes DIR/keysweep.
#
# The tree of a release installs the published package of its version. Any other tree builds from source, which needs Rust, since
# no package belongs to it.
set -eu
[ $# -eq 1 ] || { echo "usage: sh packaging/ci/install.sh DIR" >&2; exit 2; }
root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

if [ -e "$root/.pre-commit/backend.py" ]; then
    python3 -m venv "$1/package"
    programs=$1/package/bin
    # On Windows
    [ -d "$programs" ] || programs=$1/package/Scripts
    "$programs/pip" install --quiet --disable-pip-version-check "keysweep==$(sh "$root/packaging/version.sh")"
    cp "$programs"/keysweep* "$1"
else
    cargo install --quiet --locked --features archives --path "$root" --root "$1/package"
    cp "$1"/package/bin/keysweep* "$1"
fi
