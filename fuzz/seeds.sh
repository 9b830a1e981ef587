#!/bin/sh
# Writes the seeds of the target `index`: every form of index that git creates, after a header (see src/index.rs). The
# staged change is always the same: a new file, a deleted file and a changed file.
set -eu
corpus=$(cd "$(dirname "$0")" && pwd)/corpus/index
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=Ada GIT_AUTHOR_EMAIL=ada@example.org GIT_AUTHOR_DATE=2024-01-02T03:04:05Z
export GIT_COMMITTER_NAME=Ada GIT_COMMITTER_EMAIL=ada@example.org GIT_COMMITTER_DATE=2024-01-02T03:04:05Z

# Creates a repository like the one of the target and changes to it.
base() {
    rm -rf "$work/repo"
    git init -q -b main --object-format "$1" "$work/repo"
    cd "$work/repo"
    mkdir -p d/e z
    for file in a.txt d/e/f.txt d/e/g.txt d/h.txt d.txt .keysweep.toml z/y.txt; do
        printf '# %s\n' "$file" >"$file"
    done
    git add .
    git commit -q -m base
}

change() {
    printf '# a.txt\n' >d/e/new.txt
    printf '# z/y.txt\n' >d/h.txt
    git add d
    git rm -q --cached d.txt
}

# keep NAME FORM: writes the byte FORM and the index, without a shared index.
keep() {
    { printf '%b' "$2" && cat .git/index; } >"$corpus/$1"
}

# keep_split NAME FORM: writes the byte FORM, the size of the shared index (two bytes), the shared index and the index.
keep_split() {
    for shared in .git/sharedindex.*; do
        size=$(wc -c <"$shared")
        { printf '%b' "$2$(printf '\\0%03o\\0%03o' $((size / 256)) $((size % 256)))" && cat "$shared" .git/index; } >"$corpus/$1"
    done
}

for format in sha1 sha256; do
    if [ $format = sha1 ]; then plain='\0000' split='\0002'; else plain='\0001' split='\0003'; fi
    base $format && change && keep "$format-added" "$plain"
    git write-tree >/dev/null && keep "$format-in-a-hook" "$plain"
    git update-index --index-version 4 && keep "$format-version-4" "$plain"
    base $format && git update-index --split-index && change && keep_split "$format-split" "$split"
    base $format && git update-index --index-version 4 && git update-index --split-index && change &&
        keep_split "$format-split-version-4" "$split"
    base $format && change && printf 'x\n' >later.txt && git add -N later.txt && keep "$format-intent-to-add" "$plain"
done
base sha1 && git sparse-checkout set --cone --sparse-index z && keep sha1-sparse '\0000'
base sha1 && git -c index.skipHash=true update-index --force-write-index && keep sha1-without-checksum '\0000'
base sha1 && git update-index --force-untracked-cache && git status >/dev/null && keep sha1-untracked-cache '\0000'
base sha1 && git -c index.recordEndOfIndexEntries=true -c index.recordOffsetTable=true update-index --force-write-index &&
    keep sha1-end-of-entries '\0000'
base sha1 && git checkout -q -b other && printf '1\n' >a.txt && git commit -qam 1 && git checkout -q main &&
    printf '2\n' >a.txt && git commit -qam 2 && { git merge -q other >/dev/null || true; } && keep sha1-conflict '\0000'
base sha1 && ln -s a.txt link && git add link && git update-index --chmod=+x a.txt &&
    git update-index --add --cacheinfo "160000,$(git rev-parse HEAD),module" && keep sha1-link-and-module '\0000'
