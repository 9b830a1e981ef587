#!/bin/sh
# Makes the tag of a release in this clone: `sh packaging/tag.sh`. The tagged commit is a child of HEAD and has the tree that
# release-tree.sh writes.
set -eu
cd "$(dirname -- "$0")/.."
version=$(sh packaging/version.sh)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sh packaging/release-tree.sh "$work/tree"
GIT_INDEX_FILE=$work/index
export GIT_INDEX_FILE
git --work-tree="$work/tree" add --all --force
commit=$(git commit-tree -p HEAD -m "keysweep $version, installed from its packages" "$(git write-tree)")
git tag -a -m "keysweep $version" "v$version" "$commit"
