#!/bin/sh
# Prints the section of the current version in CHANGELOG.md: `sh packaging/notes.sh`.
set -eu
cd "$(dirname -- "$0")/.."
awk -v version="$(sh packaging/version.sh)" '
    /^## / { inside = index($0, version); next }
    inside { print; any = 1 }
    END { exit !any }
' CHANGELOG.md
