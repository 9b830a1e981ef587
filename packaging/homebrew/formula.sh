#!/bin/sh
# Prints the Homebrew formula of a release: `sh packaging/homebrew/formula.sh CHECKSUMS URL`. CHECKSUMS is the file SHA256SUMS of the
# release, URL the address of the repository. An archive without a checksum is an error.
set -eu
[ $# -eq 2 ] || { echo "usage: sh packaging/homebrew/formula.sh CHECKSUMS URL" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
version=$(sh "$here/../version.sh")

awk -v version="$version" -v repository="$2" '
    NR == FNR { sums[$2] = $1; next }
    {
        gsub("@VERSION@", version)
        gsub("@REPOSITORY@", repository)
        if (match($0, /@SHA256 .*@/)) {
            target = substr($0, RSTART + 8, RLENGTH - 9)
            name = "keysweep-" version "-" target ".tar.gz"
            if (!(name in sums)) { print "formula.sh: no checksum of " name >"/dev/stderr"; exit 2 }
            sub(/@SHA256 .*@/, sums[name])
        }
        print
    }
' "$1" "$here/keysweep.rb"
