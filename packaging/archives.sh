#!/bin/sh
# Makes the archives of a GitHub release: `sh packaging/archives.sh PROGRAMS DIR`. PROGRAMS is the folder of programs.sh.
set -eu
[ $# -eq 2 ] || { echo "usage: sh packaging/archives.sh PROGRAMS DIR" >&2; exit 2; }
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
version=$(sh "$here/version.sh")
mkdir -p "$2"

for folder in "$1"/*/; do
    target=$(basename "$folder")
    name=keysweep-$version-$target
    rm -rf "${2:?}/$name"
    mkdir "$2/$name"
    cp -R "$folder"/* "$here/../README.md" "$here/../CHANGELOG.md" "$here/../LICENSE-APACHE" "$here/../LICENSE-MIT" "$2/$name"
    case $target in
    # Windows unpacks zip files without other programs.
    *windows*) (cd "$2" && python3 -m zipfile -c "$name.zip" "$name") ;;
    *) tar -C "$2" -czf "$2/$name.tar.gz" "$name" ;;
    esac
    rm -r "${2:?}/$name"
done
