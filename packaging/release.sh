#!/bin/sh
# Pushes the tag of the current version and makes its GitHub release: `sh packaging/release.sh DIST`. It needs gh and GH_TOKEN.
set -eu
[ $# -eq 1 ] || { echo "usage: sh packaging/release.sh DIST" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tag=v$(sh "$here/version.sh")
gh auth setup-git
git push origin "refs/tags/$tag"
gh release create "$tag" --verify-tag --title "keysweep ${tag#v}" --notes-file "$1/notes.md" "$1"/archives/* "$1/keysweep.rb"
