#!/bin/sh
# Publishes the npm packages: `sh packaging/npm/publish.sh DIR [OPTION...]`. The package `keysweep` comes last, since it needs the others.
set -eu
[ $# -ge 1 ] || { echo "usage: sh packaging/npm/publish.sh DIR [OPTION...]" >&2; exit 2; }
dir=$1
shift
for package in "$dir"/keysweep-*-*-*.tgz "$dir"/keysweep-[0-9]*.tgz; do
    npm publish --access public "$@" "$package"
done
