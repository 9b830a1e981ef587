#!/bin/sh
# Writes OUT/SHA256SUMS for the files in the folders: `sh packaging/checksums.sh OUT DIR...`.
set -eu
[ $# -ge 2 ] || { echo "usage: sh packaging/checksums.sh OUT DIR..." >&2; exit 2; }
out=$1
shift
rm -f "$out/SHA256SUMS"
sums=$(for dir; do (cd "$dir" && sha256sum -- *); done)
printf '%s\n' "$sums" >"$out/SHA256SUMS"
