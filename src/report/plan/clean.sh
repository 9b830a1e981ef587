#!/bin/sh
# Removes the tokens that keysweep found from a repository and its remotes. It rewrites only objects that contain a token and
# their descendants. `sh FILE` prints what would change; `sh FILE --apply` changes it.
# values
repository='.'
top='.'
replacements='replacements.txt'
archives=''
config=''
sweep() { keysweep history --no-baseline "$@"; }
# end of values
set -eu

stop() {
    printf 'keysweep: %s\n' "$*" >&2
    exit 2
}

say() { printf '%s\n' "$*"; }

case "${1:-}" in
    '' | --apply) apply=${1:-} ;;
    *) stop "unknown argument: use --apply, or no argument to see what would change" ;;
esac

# No setting, hook or variable of this machine may affect the result. A trace would print ref names, which may contain a token.
for name in $(env | sed -n 's/^\(GIT_[A-Za-z0-9_]*\)=.*/\1/p'); do
    case $name in
        GIT_SSH* | GIT_ASKPASS | GIT_PROXY_COMMAND | GIT_SSL_* | GIT_HTTP_* | GIT_TERMINAL_PROMPT | GIT_ALLOW_PROTOCOL) ;;
        GIT_CONFIG_GLOBAL | GIT_CONFIG_SYSTEM | GIT_CONFIG_NOSYSTEM | GIT_EXEC_PATH | GIT_AUTHOR_* | GIT_COMMITTER_*) ;;
        *) unset "$name" ;;
    esac
done
export GIT_TRACE2=0 GIT_TRACE2_EVENT=0 GIT_TRACE2_PERF=0

# Requirements.
command -v git >/dev/null || stop "git is missing: install it"
command -v keysweep >/dev/null || stop "keysweep is missing in PATH: install it, because the proof uses it"
# The path of the interpreter: a version manager's wrapper would add its own start time to each call.
python=$(python3 -c 'import sys; sys.version_info >= (3, 6) and print(sys.executable)' 2>/dev/null) || :
[ -n "$python" ] || stop "Python 3.6 or later is missing: install it as python3"
version=$(git version | sed 's/[^0-9]*\([0-9]*\.[0-9]*\).*/\1/')
[ "${version%%.*}" -gt 2 ] || { [ "${version%%.*}" -eq 2 ] && [ "${version#*.}" -ge 31 ]; } || stop "git $version is too old: install git 2.31 or later"
[ -f "$replacements" ] || stop "$replacements is missing: run keysweep history --replacements again, and then its script"

export LC_ALL=C GIT_NO_REPLACE_OBJECTS=1 GIT_NO_LAZY_FETCH=1 GIT_LFS_SKIP_SMUDGE=1 GIT_CONFIG_COUNT=0
setting() {
    export "GIT_CONFIG_KEY_$GIT_CONFIG_COUNT=$1" "GIT_CONFIG_VALUE_$GIT_CONFIG_COUNT=$2"
    GIT_CONFIG_COUNT=$((GIT_CONFIG_COUNT + 1))
}
for name in maintenance.auto fetch.prune fetch.pruneTags transfer.fsckObjects fetch.fsckObjects push.gpgSign push.followTags push.useForceIfIncludes core.fsmonitor fetch.writeCommitGraph log.showSignature; do
    setting "$name" false
done
setting gc.auto 0
setting safe.bareRepository all
setting core.hooksPath /dev/null
setting fetch.recurseSubmodules no
setting push.recurseSubmodules no
setting push.pushOption ''
setting init.templateDir ''
setting init.defaultRefFormat files
setting pack.packSizeLimit 0
setting core.quotePath false

[ -d "$repository" ] || stop "$repository is missing: run this on the machine where keysweep history ran"
here() { git --git-dir="$repository" "$@"; }
here rev-parse --git-dir >/dev/null || stop "$repository is not a git directory"

# Only the owner can open this folder, so its files need no mode of their own. A umask would also apply to every object that
# git writes into a repository, and other users could not read those.
work=$(mktemp -d "${TMPDIR:-/tmp}/keysweep.XXXXXX") || stop "cannot make a temporary folder: set TMPDIR to a folder with free space"
# before: nothing is changed. changing: a second run must complete this one. ended: the last sentence is printed.
phase=before
finish() {
    code=$?
    trap '' HUP INT TERM PIPE
    if [ "$phase" = before ]; then
        printf 'keysweep: stopped; nothing was changed\n' >&2
    elif [ "$phase" = changing ]; then
        printf 'keysweep: stopped before the end; nothing is lost (backup: %s). Run the same command again to complete it\n' "$backup" >&2
    fi
    rm -rf "$work"
    # The exit code of a command that failed is not that of the script.
    [ "$phase" = ended ] || [ "$code" = 130 ] || code=2
    exit "$code"
}
trap finish EXIT
trap 'exit 130' HUP INT TERM PIPE
work=$(cd "$work" && pwd -P)
clean=$work/clean.git
printf '%s\n%s\n' "$$" "$replacements" > "$work/owner"

cat > "$work/program.py" <<'PYTHON'
# program
PYTHON
step() {
    name=$1
    shift
    KEYSWEEP_REPLACEMENTS=$replacements KEYSWEEP_ARCHIVES=$archives KEYSWEEP_COMMON=$repository KEYSWEEP_TOP=$top \
        "$python" "$work/program.py" "$name" "$work" "$@"
}
# Runs a command. Prints its output, with tokens masked, only if it fails.
quietly() {
    "$@" > "$work/said" 2>&1 || {
        step mask < "$work/said" >&2
        return 1
    }
}

# A private copy: the objects of this repository and everything that each place has.
format=$(here rev-parse --show-object-format)
git init -q --bare --object-format="$format" "$clean" || stop "cannot write to $work: set TMPDIR to a folder with free space"
printf '%s\n' "$(cd "$repository" && pwd -P)/objects" > "$clean/objects/info/alternates"
# URL and credential settings of this repository.
step settings "$repository"
# Fetch the objects that a partial or shallow clone lacks.
if [ -f "$repository/shallow" ] || here config --get-regexp '^(remote\..*\.promisor|extensions\.partialclone)$' > /dev/null; then
    setting core.alternateRefsCommand :
fi

# The places: every push URL, and every fetch URL that is not a push URL.
: > "$work/urls"
here remote > "$work/remotes"
for use in push read; do
    while IFS= read -r remote; do
        if [ "$use" = push ]; then option=--push; else option=--all; fi
        here remote get-url --all "$option" "$remote" 2>/dev/null | sed "s/^/$use $remote /" >> "$work/urls" || :
    done < "$work/remotes"
done
cd "$top"
# The git directory of a place on this machine, resolved in git's order.
folder_of() {
    path=$1
    case $path in
        file://*) path=$("$python" -c 'import os, sys, urllib.parse as u; os.write(1, u.unquote_to_bytes(sys.argv[1]))' "${path#file://}") ;;
    esac
    for path in "$path/.git" "$path" "$path.git/.git" "$path.git"; do
        if [ -e "$path" ] && folder=$(git --git-dir="$path" rev-parse --path-format=absolute --git-common-dir 2>/dev/null); then
            (cd "$folder" && pwd -P)
            return
        fi
    done
}
own=$(cd "$repository" && pwd -P)
: > "$work/places"
: > "$work/keys"
while read -r use remote url; do
    case $url in
        # Not a URL: a word such as DISABLED prevents pushes.
        /dev/null) continue ;;
        */* | *:*) ;;
        *) [ "$use" = read ] || [ -e "$url" ] || continue ;;
    esac
    folder=$(folder_of "$url")
    # Git cannot push to a bundle, and refuses to push to a branch that is checked out.
    if [ -f "${url#file://}" ] && [ -z "$folder" ]; then use='read'; fi
    if [ -n "$folder" ] && [ "$(git --git-dir="$folder" rev-parse --is-bare-repository)" = false ]; then
        case $(git --git-dir="$folder" config --get receive.denyCurrentBranch || :) in
            ignore | warn | updateInstead) ;;
            *) use='read' ;;
        esac
    fi
    # Two URLs may be the same place.
    if [ "$folder" != "$own" ] && ! grep -qxF -e "${folder:-$url}" "$work/keys"; then
        printf '%s\n' "${folder:-$url}" >> "$work/keys"
        printf '%s %s %s\n' "$use" "$remote" "$url" >> "$work/places"
    fi
done < "$work/urls"
unfinished=$(step start "$repository")
[ -z "$unfinished" ] || stop "an operation is unfinished in $unfinished: complete or abort it (git rebase --abort, git merge --abort and so on), and run this again"

number=0
while read -r use remote url; do
    number=$((number + 1))
    shown=$(cat "$work/place$number.shown")
    say "Reading $shown."
    git --git-dir="$clean" config "remote.place$number.url" "$url"
    git --git-dir="$clean" config "remote.place$number.fetch" "+refs/*:refs/place$number/*"
    for group in ordinary forge; do
        git --git-dir="$clean" config "remote.place$number-$group.url" "$url"
        git --git-dir="$clean" config "remote.place$number-$group.fetch" "+refs/*:refs/place$number/*"
    done
    # Transport settings of the remote.
    for key in uploadpack receivepack vcs proxy proxyAuthMethod; do
        value=$(here config --get "remote.$remote.$key") || continue
        for name in "place$number" "place$number-ordinary" "place$number-forge"; do
            git --git-dir="$clean" config "remote.$name.$key" "$value"
        done
    done
    folder=$(folder_of "$url")
    printf '%s\n' "$folder" > "$work/place$number.folder"
    [ -z "$folder" ] || printf '%s\n' "$folder/objects" >> "$clean/objects/info/alternates"
    quietly git --git-dir="$clean" fetch -q --no-tags --no-write-fetch-head "place$number" ||
        stop "cannot fetch from $shown: check that you can reach it, or run git remote remove if it no longer exists"
    git --git-dir="$clean" for-each-ref --format='%(objectname) %(refname)' "refs/place$number/" |
        sed "s, refs/place$number/, refs/," > "$work/place$number.refs"
    printf '%s\n' "$use" > "$work/place$number.use"
done < "$work/places"
places=$number
cp "$clean/config" "$work/config"

say "These refs change. Everything else stays as it is:"
step rewrite "$places"

# The proof uses the configuration of the first scan.
if [ -z "$config" ]; then
    if git -C "$top" cat-file blob :.keysweep.toml > "$work/keysweep.toml" 2>/dev/null ||
        here cat-file blob HEAD:.keysweep.toml > "$work/keysweep.toml" 2>/dev/null; then
        config=$work/keysweep.toml
    fi
fi
# Scans the folder $1 with the options of the first scan.
sweep_mirror() {
    (cd "$1" && if [ -n "$config" ]; then sweep --config "$config"; else sweep; fi)
}

# Searches for the tokens by value.
search_again() {
    (cd "$1" && keysweep find --allow-incomplete --tokens-from "$replacements")
}

# Whether place $1 is a writable bare repository on this machine, in which the objects that a push leaves can be removed.
is_own() {
    folder=$(cat "$work/place$1.folder")
    [ "$(cat "$work/place$1.use")" = push ] && [ -n "$folder" ] && [ -w "$folder/objects" ] &&
        [ "$(git --git-dir="$folder" rev-parse --is-bare-repository)" = true ]
}

# Scan the result before anything is pushed.
git init -q --bare --object-format="$format" "$work/after.git"
quietly git --git-dir="$work/after.git" fetch -q --no-tags --no-write-fetch-head "$clean" '+refs/after/*:refs/*' ||
    stop "cannot copy the result: check that $work has free space, and repair the repository if objects are missing"
git --git-dir="$clean" for-each-ref --format='delete %(refname)' refs/after/ | git --git-dir="$clean" update-ref --stdin
if ! sweep_mirror "$work/after.git" > "$work/said"; then
    step mask < "$work/said"
    stop "the result would still contain a token that is not in $replacements, or could not be scanned completely: run keysweep history --replacements in a fresh mirror of each remote, and follow that plan first; nothing was changed"
fi

if [ -z "$apply" ]; then
    phase=ended
    say "The result was scanned and is clean. Nothing was changed yet. To apply it, run the same command with --apply when nobody pushes."
    exit 0
fi

# Stop if somebody pushed since the fetch. During the push, the lease checks each ref again.
ask() {
    git --git-dir="$clean" ls-remote -q --refs "place$1" > "$work/now" 2> "$work/said" || {
        step mask < "$work/said" >&2
        stop "cannot read $(cat "$work/place$1.shown") again: check that you can reach it, and run this again"
    }
}
same() {
    ask "$1"
    tr '\t' ' ' < "$work/now" | sort > "$work/now.sorted"
    sort "$work/place$1.refs" | cmp -s - "$work/now.sorted"
}
if here fsck --connectivity-only --no-dangling --no-progress > /dev/null 2>&1; then healthy=1; else healthy=; fi
number=0
while [ "$number" -lt "$places" ]; do
    number=$((number + 1))
    same "$number" || stop "somebody pushed to $(cat "$work/place$number.shown") in the meantime: nothing was changed; run this again"
done
# The backup: a folder for each run that finds another state. A run that was stopped before it changed a ref has left one that this
# run can use.
backup=$(step keep "$replacements.backup") || exit 2
if [ -n "$(git --git-dir="$clean" for-each-ref --count=1)" ] && [ ! -f "$backup/before.bundle" ]; then
    { quietly git --git-dir="$clean" bundle create -q "$backup/draft" --all && mv "$backup/draft" "$backup/before.bundle"; } ||
        stop "cannot write the backup to $backup: free some space there"
fi
say "Backup, which contains the tokens: $backup"
phase=changing

left=
remains() {
    say "REMAINS: $*"
    left=1
}
settle() {
    step settle "$@" > "$work/said"
    while IFS= read -r line; do
        case $line in
            note:*) say "$line" ;;
            *) remains "$line" ;;
        esac
    done < "$work/said"
}
number=0
while [ "$number" -lt "$places" ]; do
    number=$((number + 1))
    shown=$(cat "$work/place$number.shown")
    if [ "$(cat "$work/place$number.use")" = push ]; then
        ask "$number"
        groups=$(step push "place$number") || exit 2
        # Without an explicit value, the lease expects what was fetched into refs/placeN, and expects a new name to be absent.
        case $groups in
            *ordinary*)
                quietly git --git-dir="$clean" push -q --force-with-lease "place$number-ordinary" ||
                    stop "$shown rejected part of the push, see above: lift the protection of its branches, and run this again. This repository was not changed. If you have no permission to push there, run git remote set-url --push NAME no_push"
                say "Pushed to $shown."
                ;;
        esac
        case $groups in
            *forge*)
                quietly git --git-dir="$clean" push -q --force-with-lease "place$number-forge" ||
                    remains "$shown does not let anybody push its own refs, such as those of pull requests: ask its support to delete them"
                ;;
        esac
    fi
done

# This repository may borrow objects from a place, so change it first.
settle "$repository" "$backup"
number=0
while [ "$number" -lt "$places" ]; do
    number=$((number + 1))
    if is_own "$number"; then settle "$folder" "$backup" "place$number"; fi
done
[ -z "$healthy" ] || quietly here fsck --connectivity-only --no-dangling --no-progress ||
    remains "git fsck reports errors in $repository: compare it with $backup/before.bundle"

# The proof: a fresh mirror of each place, and this repository. Each is scanned by the rules, searched for the tokens by value, and
# every file of a git directory on this machine is searched for their bytes.
by_bytes() {
    found=$(step scan "$1") || exit 2
    [ -z "$found" ] || printf '%s\n' "$found" > "$work/said"
    [ -z "$found" ] || while IFS= read -r line; do remains "$line"; done < "$work/said"
}
# Scans $1, and searches the git directory $2. Prints $3 if either has a token.
prove() {
    if ! sweep_mirror "$1" > "$work/said" || ! search_again "$2" > "$work/said"; then
        step mask < "$work/said"
        remains "$3"
    fi
}
number=0
while [ "$number" -lt "$places" ]; do
    number=$((number + 1))
    shown=$(cat "$work/place$number.shown")
    proof=$work/proof$number.git
    git init -q --bare --object-format="$format" "$proof"
    cp "$work/config" "$proof/config"
    git --git-dir="$proof" config --replace-all "remote.place$number.fetch" '+refs/*:refs/*'
    quietly git --git-dir="$proof" fetch -q --no-tags --no-write-fetch-head "place$number" || stop "cannot fetch from $shown again"
    prove "$proof" "$proof" "a fresh mirror of $shown is not clean, see above: its owner must delete what a push cannot change; if it is a bundle, delete the file"
    rm -rf "$proof"
    if is_own "$number"; then
        prove "$folder" "$folder" "$folder is not clean, see above: run keysweep history --replacements there, and follow its plan"
    fi
    folder=$(cat "$work/place$number.folder")
    [ -z "$folder" ] || by_bytes "$folder"
done
prove "$top" "$repository" "$repository is not clean, see above"
by_bytes "$repository"

phase=ended
if [ -n "$left" ]; then
    say "Not proved yet. The replacements file is kept: $replacements"
    exit 1
fi
rm -f "$replacements"
say "Proved: a fresh mirror of each remote ($places) and this repository with its submodules contain no token. The replacements file was deleted."
say "Everybody else must make a new clone: a pull would merge the old commits again. Forks keep the tokens until their owners delete them."
say "When you no longer need the backup, delete it too: rm -r '$replacements.backup'"
