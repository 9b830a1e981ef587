#!/bin/sh
# Prints the version of keysweep in Cargo.toml.
exec sed -n '/^version = /{s/^version = "\(.*\)"$/\1/p;q;}' "$(dirname -- "$0")/../Cargo.toml"
