#!/bin/sh
# Scans what a pull request or a push introduces: `sh packaging/ci/scan.sh KEYSWEEP FORMAT REPORT` in the clone of a job. It writes a
# report for machines and prints one for people, which has annotations under GitHub Actions.
#
# A change cannot allow its own tokens: the settings and the baseline are those of the commit before it.
set -eu
[ $# -eq 3 ] || { echo "usage: sh packaging/ci/scan.sh KEYSWEEP FORMAT REPORT" >&2; exit 2; }
keysweep=$1 format=$2 report=$3
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)

# A report of an earlier scan must not pass for this one's.
rm -f "$report"

range=$(sh "$here/range.sh")
base=${range%% *}
range=${range#* }
if [ -z "$range" ]; then
    echo "keysweep: the branch is deleted, so there is nothing to scan"
    exit 0
fi
set -- "$range"
[ "$base" = - ] || set -- "$range" --config-from "$base"

code=0
"$keysweep" history --no-progress --format "$format" --output "$report" "$@" || code=$?
again=0
"$keysweep" history --no-progress "$@" || again=$?
[ "$code" -ge "$again" ] || code=$again
# The output of a step of GitHub Actions.
if [ -e "$report" ] && [ -n "${GITHUB_OUTPUT:-}" ]; then
    echo "report=$report" >>"$GITHUB_OUTPUT"
fi
exit "$code"
