#!/bin/sh
# Demonstrates keysweep: builds it, creates a repository in a temporary folder, installs the hook, and commits a random
# token. Exits with 0 if the hook blocked the token and allowed the fixed commit.
set -eu

here=$(cd "$(dirname "$0")/.." && pwd)
cargo build --release --quiet --manifest-path "$here/Cargo.toml"
PATH="${CARGO_TARGET_DIR:-$here/target}/release:$PATH"
export PATH

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
git init --quiet .
git config user.name "A newcomer"
git config user.email newcomer@example.org
cp "$here/hooks/pre-commit" .git/hooks/pre-commit

run() {
    printf '\n$ %s\n' "$*"
    "$@"
}

random=$(LC_ALL=C tr -dc 'A-Za-z0-9' </dev/urandom | head -c 24)
{
    printf 'import stripe\n\n'
    printf 'client = stripe.StripeClient("sk_%s_%s")\n' live "$random"
} >billing.py
run git add billing.py
if run git commit --quiet -m "Take payments"; then
    echo "keysweep did not block the token" >&2
    exit 1
fi

printf '\n(move the token to the environment)\n'
printf 'import os\nimport stripe\n\nclient = stripe.StripeClient(os.environ["STRIPE_API_KEY"])\n' >billing.py
run git add billing.py
run git commit --quiet -m "Take payments"
printf '\nThe token was blocked, and the fixed commit was created.\n'
