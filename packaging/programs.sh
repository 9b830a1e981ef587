#!/bin/sh
# Unpacks the program of each wheel: `sh packaging/programs.sh WHEELS DIR` writes DIR/TARGET/keysweep, and its manual pages and
# completions below DIR/TARGET/share. All packages are made from these, so they have the same program.
set -eu
[ $# -eq 2 ] || { echo "usage: sh packaging/programs.sh WHEELS DIR" >&2; exit 2; }

for wheel in "$1"/*.whl; do
    name=keysweep
    case $wheel in
    *manylinux*_x86_64.whl) target=x86_64-unknown-linux-gnu ;;
    *manylinux*_aarch64.whl) target=aarch64-unknown-linux-gnu ;;
    *macosx*_x86_64.whl) target=x86_64-apple-darwin ;;
    *macosx*_arm64.whl) target=aarch64-apple-darwin ;;
    *win_amd64.whl) target=x86_64-pc-windows-msvc name=keysweep.exe ;;
    *) echo "programs.sh: unknown platform: $wheel" >&2; exit 2 ;;
    esac
    mkdir -p "$2/$target"
    python3 -m zipfile -e "$wheel" "$2/$target/unpacked"
    mv "$2/$target/unpacked"/*.data/scripts/"$name" "$2/$target/$name"
    mv "$2/$target/unpacked"/*.data/data/share "$2/$target/share"
    chmod 755 "$2/$target/$name"
    rm -rf "$2/$target/unpacked"
done
