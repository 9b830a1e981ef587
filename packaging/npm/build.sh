#!/bin/sh
# Makes the npm packages as tarballs: `sh packaging/npm/build.sh PROGRAMS DIR`. PROGRAMS is the folder of programs.sh.
set -eu
[ $# -eq 2 ] || { echo "usage: sh packaging/npm/build.sh PROGRAMS DIR" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
mkdir -p "$2"
out=$(CDPATH='' cd -- "$2" && pwd)
folders=$(mktemp -d)
trap 'rm -rf "$folders"' EXIT

node "$here/build.js" "$(sh "$here/../version.sh")" "$1" "$folders"
for folder in "$folders"/*/; do
    (cd "$folder" && npm pack --silent --pack-destination "$out")
done
