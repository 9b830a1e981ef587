#!/bin/sh
# Prints the commits that a pull request or a push introduces: `sh packaging/ci/range.sh` in the clone of a job. It reads the
# variables of GitHub Actions or GitLab CI.
#
# The output is a commit whose configuration and baseline count and the commits to scan: `BASE BASE..HEAD`. BASE is what was there before: the merge
# base, or the old tip of a branch. It is `- HEAD` where there is nothing before, and empty where a branch was deleted.
#
# A job has a shallow clone. This fetches more of it until it has the merge base and every commit of the change.
set -eu

fail() {
    echo "keysweep: cannot find what this change introduces: $1; fetch the whole history in the checkout \
(GitHub: \`fetch-depth: 0\`, and keep its credentials for a private repository; GitLab: \`GIT_DEPTH: 0\`)" >&2
    exit 2
}

# Prints a field of the event of GitHub, such as `pull_request.base.sha`, or nothing.
event() {
    python3 - "$1" <<'PYTHON'
import functools, json, os, sys
data = json.load(open(os.environ["GITHUB_EVENT_PATH"], encoding="utf-8"))
found = functools.reduce(lambda at, key: (at or {}).get(key), sys.argv[1].split("."), data)
print("" if found is None else found)
PYTHON
}

# Whether the argument is an id, and not the id of zeros, which means that there is no commit.
is_id() {
    case $1 in
    '' | *[!0-9a-f]*) return 1 ;;
    *[!0]*) return 0 ;;
    *) return 1 ;;
    esac
}

# Whether the clone ends at a commit that is in $2 and not in $1, so that it may lack commits of the change.
is_cut() {
    shallow=$(git rev-parse --git-path shallow)
    [ -s "$shallow" ] && git rev-list "$2" "^$1" | grep -q -x -F -f "$shallow"
}

# Whether the clone has all commits that are in $2 and not in $1. In a clone that is not shallow, commits that exist are whole.
is_whole() {
    git cat-file -e "$1^{commit}" 2>/dev/null && git cat-file -e "$2^{commit}" 2>/dev/null || return 1
    [ "$(git rev-parse --is-shallow-repository)" = true ] || return 0
    git merge-base "$1" "$2" >/dev/null && ! is_cut "$1" "$2"
}

# Fetches until the clone has all commits that are in $2 and not in $1.
deepen() {
    for depth in 20 200 2000 20000 2147483647; do
        ! is_whole "$1" "$2" || return 0
        # In a clone that is not shallow, --depth would make it shallow.
        [ "$(git rev-parse --is-shallow-repository)" = true ] || depth=''
        git fetch --quiet --no-tags ${depth:+"--depth=$depth"} origin "$1" "$2" >&2 || return 1
    done
}

# Prints the result for a base and a head.
between() {
    if ! is_id "$1" || ! is_id "$2"; then
        fail "the event names no base and no head"
    fi
    deepen "$1" "$2" || fail "git cannot fetch $1 and $2"
    # Branches without a common commit: the tip of the base was there before.
    base=$(git merge-base "$1" "$2" || echo "$1")
    echo "$base $1..$2"
}

# Prints the result for a branch that is new, or whose old tip is gone: what the default branch lacks.
beside_default() {
    branch=$1
    head=$2
    if [ "$3" = "$branch" ]; then
        if [ "$(git rev-parse --is-shallow-repository)" = true ]; then
            git fetch --quiet --no-tags --unshallow origin "$head" >&2 || fail "git cannot fetch the history of $head"
        fi
        echo "- $head"
        return
    fi
    git fetch --quiet --no-tags ${4:+"$4"} origin "refs/heads/$branch" >&2 || fail "git cannot fetch $branch"
    between "$(git rev-parse FETCH_HEAD)" "$head"
}

# Prints the result for a push from $1 to $2 on the branch $3, where the default branch is $4.
pushed() {
    is_id "$2" || exit 0
    shallow=''
    [ "$(git rev-parse --is-shallow-repository)" = false ] || shallow=--depth=1
    if is_id "$1"; then
        if git cat-file -e "$1^{commit}" 2>/dev/null || git fetch --quiet --no-tags ${shallow:+"$shallow"} origin "$1" >&2; then
            deepen "$1" "$2" || fail "git cannot fetch $1 and $2"
            echo "$1 $1..$2"
            return
        fi
        echo "keysweep: the old tip $1 is gone, so everything that $4 lacks is scanned" >&2
        # A rewritten default branch has nothing beside it.
    fi
    beside_default "$4" "$2" "$3" "$shallow"
}

if [ "${GITHUB_ACTIONS:-}" = true ]; then
    case $GITHUB_EVENT_NAME in
    pull_request*) between "$(event pull_request.base.sha)" "$(event pull_request.head.sha)" ;;
    merge_group) between "$(event merge_group.base_sha)" "$(event merge_group.head_sha)" ;;
    push) pushed "$(event before)" "$(event after)" "${GITHUB_REF#refs/heads/}" "$(event repository.default_branch)" ;;
    *) fail "the event is $GITHUB_EVENT_NAME, and not a pull request or a push" ;;
    esac
elif [ "${GITLAB_CI:-}" = true ]; then
    case $CI_PIPELINE_SOURCE in
    merge_request_event) between "$CI_MERGE_REQUEST_DIFF_BASE_SHA" "$CI_COMMIT_SHA" ;;
    push) pushed "$CI_COMMIT_BEFORE_SHA" "$CI_COMMIT_SHA" "${CI_COMMIT_BRANCH:-}" "$CI_DEFAULT_BRANCH" ;;
    *) fail "the pipeline is started by $CI_PIPELINE_SOURCE, and not by a merge request or a push" ;;
    esac
else
    fail "this is no job of GitHub Actions or GitLab CI"
fi
