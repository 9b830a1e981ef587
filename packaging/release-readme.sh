#!/bin/sh
# Replaces the section "Install" of README.md with the one for a published version: `sh packaging/release-readme.sh`. cargo-release
# runs this before it commits.
set -eu
cd "$(dirname -- "$0")/.."
# cargo-release sets DRY_RUN, and NEW_VERSION before it has written the version.
[ "${DRY_RUN:-false}" = false ] || exit 0
sed "s/@VERSION@/${NEW_VERSION:-$(sh packaging/version.sh)}/g" packaging/release/install.md >target/install.md
awk '
    $0 == "<!-- /install -->" { inside = 0 }
    !inside { print }
    $0 == "<!-- install -->" { inside = 1; while ((getline line <"target/install.md") > 0) print line }
' README.md >target/README.md
cat target/README.md >README.md
