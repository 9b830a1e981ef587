#!/bin/sh
# Builds the wheel and the source distribution of keysweep: `sh packaging/pypi/build.sh DIR`.
#
# For a quick build that is not for release, set CARGO_PROFILE_RELEASE_LTO=off and CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16.
set -eu
[ $# -eq 1 ] || { echo "usage: sh packaging/pypi/build.sh DIR" >&2; exit 2; }
mkdir -p "$1"
out=$(CDPATH='' cd -- "$1" && pwd)
cd "$(dirname -- "$0")"

target=$(rustc -vV | sed -n 's/^host: //p')
# JSON doubles the backslashes of a Windows path.
tools=$(cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/; s|\\\\|/|g')/tools/wheel
[ -d "$tools" ] || python3 -m venv "$tools"
programs=$tools/bin
# On Windows
[ -d "$programs" ] || programs=$tools/Scripts
"$programs/pip" install --quiet --requirement requirements.txt

arch=''
case $target in
*-unknown-linux-gnu)
    # A static binary that is not position-independent starts in two thirds of the time and needs no C library. With
    # --target, these flags do not apply to build scripts and procedural macros, which cannot be static.
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static -C relocation-model=static"
    export RUSTFLAGS
    arch=${target%%-*}
    ;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/built" "$work/wheel"
# --sdist builds the wheel from the source distribution, so it also proves that the source distribution is complete.
"$programs/maturin" build --release --sdist --target "$target" --out "$work/built" ${arch:+--compatibility manylinux_2_17}

# The program writes its manual pages and completions, which installers put below `share` of the environment.
"$programs/wheel" unpack --dest "$work/wheel" "$work"/built/*.whl
data=$(echo "$work"/wheel/*/*.data)
share=$data/data/share
mkdir -p "$share/man/man1" "$share/bash-completion/completions" "$share/zsh/site-functions" "$share/fish/vendor_completions.d"
keysweep=$(echo "$data"/scripts/keysweep*)
chmod 755 "$keysweep"
"$keysweep" man --dir "$share/man/man1"
"$keysweep" completions bash >"$share/bash-completion/completions/keysweep"
"$keysweep" completions zsh >"$share/zsh/site-functions/_keysweep"
"$keysweep" completions fish >"$share/fish/vendor_completions.d/keysweep.fish"
rm "$work"/built/*.whl
"$programs/wheel" pack --dest-dir "$work/built" "$work"/wheel/*

if [ -n "$arch" ]; then
    # maturin allows musllinux for musl targets only, because it assumes a dynamic C library.
    "$programs/wheel" tags --remove --platform-tag "manylinux_2_17_$arch.musllinux_1_2_$arch" "$work"/built/*.whl
fi
cp "$work"/built/* "$out"
