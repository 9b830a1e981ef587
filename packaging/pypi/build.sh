#!/bin/sh
# Builds the wheel and the source distribution of keysweep: `sh packaging/pypi/build.sh DIR`.
#
# TARGET names another Rust target than this machine's. For a quick build that is not for release, set
# CARGO_PROFILE_RELEASE_LTO=off and CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16.
set -eu
[ $# -eq 1 ] || { echo "usage: sh packaging/pypi/build.sh DIR" >&2; exit 2; }
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)
cd "$(dirname -- "$0")"

target=${TARGET:-$(rustc -vV | sed -n 's/^host: //p')}
tools=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/tools/wheel
[ -d "$tools" ] || python3 -m venv "$tools"
programs=$tools/bin
# On Windows
[ -d "$programs" ] || programs=$tools/Scripts
"$programs/pip" install --quiet --requirement requirements.txt

case $target in
*-unknown-linux-gnu)
    # A static binary that is not position-independent starts in two thirds of the time and needs no C library. With
    # --target, these flags do not apply to build scripts and procedural macros, which cannot be static.
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static -C relocation-model=static"
    export RUSTFLAGS
    arch=${target%%-*}
    set -- --compatibility manylinux_2_17
    ;;
*)
    arch=''
    set --
    ;;
esac

wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT
# --sdist builds the wheel from the source distribution, so it also proves that the source distribution is complete.
"$programs/maturin" build --release --sdist --target "$target" --out "$wheels" "$@"
if [ -n "$arch" ]; then
    # maturin allows musllinux for musl targets only, because it assumes a dynamic C library.
    "$programs/wheel" tags --remove --platform-tag "manylinux_2_17_$arch.musllinux_1_2_$arch" "$wheels"/*.whl
fi
cp "$wheels"/* "$out"
