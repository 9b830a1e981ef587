//! Shell commands that go round the hooks, and ordinary ones that do not.

use crate::event::{Outcome, shell};
use crate::support::Repo;

/// Commands that are refused.
const REFUSED: &[&str] = &[
    "git commit --no-verify -m x",
    "git commit -n -m x",
    "git commit -anm x",
    "git push --no-verify",
    "git merge --no-verify topic",
    "cd sub && git commit -n",
    "true; git commit -n",
    "git add . || git commit -n",
    "(git commit -n)",
    "{ git commit -n; }",
    "if true; then git commit -n; fi",
    "for x in a b; do git commit -n; done",
    "while false; do git commit -n; done",
    "case x in x) git commit -n;; esac",
    "f() { git commit -n; }; f",
    "f() { git \"$@\"; }; f commit -n",
    "echo $(git commit -n)",
    "echo `git commit -n`",
    "echo \"$(git commit -n)\"",
    "x=$(git commit -n)",
    "cat <(git commit -n)",
    "[[ $(git commit -n) ]]",
    "echo $(( $(git commit -n) ))",
    "echo ${x:-$(git commit -n)}",
    "cat <<EOF\n$(git commit -n)\nEOF",
    "sh -c 'git commit -n'",
    "bash -c \"git commit -n\"",
    "bash -lc 'git commit -n'",
    "zsh -c 'sh -c \"git commit -n\"'",
    "eval 'git commit -n'",
    "eval git commit -n",
    "eval \"git commit $(echo -n)\"",
    "bash <<EOF\ngit commit -n\nEOF",
    "sh <<< 'git commit -n'",
    "echo 'git commit -n' | sh",
    "printf '%s' 'git push --no-verify' | bash",
    "echo Z2l0IGNvbW1pdCAtbgo= | base64 -d | sh",
    "trap 'git commit -n' EXIT",
    "alias g='git commit -n'",
    "g\"i\"t commit -n",
    "'git' commit \\-n",
    "git commit $'\\x2dn'",
    "git commit $'\\055n'",
    "\\git commit -n",
    "/usr/bin/git commit -n",
    "command git commit -n",
    "env git commit -n",
    "env -u X git commit -n",
    "env -S 'git commit -n'",
    "nohup git commit -n &",
    "nice -n 5 git commit -n",
    "timeout 10 git commit -n",
    "sudo -u ada git commit -n",
    "time git commit -n",
    "! git commit -n",
    "xargs git commit -n",
    "echo -n | xargs git commit",
    "echo commit -n | xargs git",
    "find . -name x -exec git commit -n \\;",
    "watch 'git commit -n'",
    "unknown-wrapper git commit -n",
    "X=--no-verify; git commit $X",
    "X=-n; git commit -m y \"$X\"",
    "for x in -n; do git commit $x; done",
    "GIT=git; $GIT commit -n",
    "$(which git) commit -n",
    "git commit $(echo --no-verify)",
    "git {commit,-n}",
    "git commit ${X:---no-verify}",
    "SKIP=keysweep git commit -m x",
    "SKIP=all git commit",
    "HUSKY=0 git commit -m x",
    "HUSKY=0 npm run release",
    "LEFTHOOK=0 git push",
    "LEFTHOOK=false git push",
    "env HUSKY=0 git commit -m x",
    "export HUSKY=0",
    "export HUSKY=0; git commit -m x",
    "declare -x HUSKY=0",
    "read HUSKY <<< 0",
    "X=HUSKY; export $X=0; git commit",
    "PREK_SKIP=keysweep git commit",
    "PRE_COMMIT_ALLOW_NO_CONFIG=1 git commit",
    "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.hooksPath GIT_CONFIG_VALUE_0=/dev/null git commit",
    "GIT_CONFIG_PARAMETERS=\"'core.hooksPath=/dev/null'\" git commit",
    "GIT_CONFIG_GLOBAL=/dev/null git commit",
    "git -c core.hooksPath=/dev/null commit -m x",
    "git -c core.hookspath= commit -m x",
    "git -c hook.keysweep-pre-commit.enabled=false commit -m x",
    "git -c alias.c='commit -n' c",
    "git -c include.path=/tmp/x commit",
    "git --config-env=core.hooksPath=HOME commit",
    "git -C . -c core.hooksPath=x commit",
    "git config core.hooksPath /dev/null",
    "git config --global core.hooksPath /tmp",
    "git config unset core.hooksPath",
    "git config hook.keysweep-pre-commit.enabled false",
    "git config alias.c 'commit -n'",
    "git config --edit",
    "git commit-tree HEAD^{tree} -m x",
    "git fast-import < dump",
    "git update-index --cacheinfo 100644,$(git hash-object -w x),.keysweep.toml",
    "git update-index --skip-worktree .keysweep.toml",
    "git rebase -x 'git commit -n' main",
    "git submodule foreach 'git commit -n'",
    "git bisect run git commit -n",
    "git ci -m x",
    "git cx",
    "python3 -c \"import os; os.system('git commit --no-verify')\"",
    "python3 - <<EOF\nimport subprocess\nsubprocess.run(['git', 'commit', '-n'])\nEOF",
    "perl -e 'system(\"git\", \"push\", \"--no-verify\")'",
    "node -e \"require('child_process').execSync('git commit -n')\"",
    "git commit -m 'unterminated",
    "git commit -n\n*** Begin Patch\n*** End Patch",
    "*** Begin Patch\ngit commit -n\n*** End Patch",
    "*** Begin Patch\n *** ; git commit -n\n*** End Patch",
    "a=(git commit -n); \"${a[@]}\"",
    "a=(commit -n); git \"${a[@]}\"",
    "printf -v x -- '-n'; git commit $x",
    "read x <<< -n; git commit $x",
    "IFS=,; x=commit,-n; git $x",
    "git commit ${0+-n}",
    ": ${x:=-n}; git commit $x",
    "git commit -\"$(echo n)\"",
    "eval \"$(echo git commit -n)\"",
    "source /dev/stdin <<< 'git commit -n'",
    "echo 'git commit -n' | xargs -I{} sh -c '{}'",
    "find . -maxdepth 0 -exec sh -c 'git commit -n' \\;",
    "flock /tmp/l -c 'git commit -n'",
    "parallel git commit -n ::: x",
    "watch -n1 git commit -n",
    "ssh host 'cd repo && git commit -n'",
    "script -qc 'git commit -n' /dev/null",
    "set -- -n; git commit $1",
    "git -c \"core.$X=/dev/null\" commit",
    "echo \"<<EOF\"\ngit commit -n\nEOF",
    "echo \"<<EOF\n\" ; git commit -n; echo \"\nEOF\n\"",
    "# <<EOF\ngit commit -n\nEOF",
    "cat <<EOF 'a\nb' \nEOF\ngit commit -n\nEOF",
    "cat <<EOF; git commit -n\nx\nEOF",
    "cat <<'EOF' | sh\ngit commit -n\nEOF",
    "git commit -m \"$(cat <<EOF\n$(git push --no-verify)\nEOF\n)\"",
    "git commit -m \"$(cat <<'EOF'\nit's (x\nEOF\n)\" -n",
    "if git commit -n",
];

/// Commands that a person is asked about.
const ASKED: &[&str] = &[
    "rm .git/hooks/pre-commit",
    "rm -rf .git/hooks",
    "rm -f .git/hooks/*",
    "rm -rf .git",
    "rm .git/h*/pre-commit",
    "rm .git/{hooks,x}/pre-commit",
    "cd .git && rm hooks/pre-commit",
    "cd .git/hooks; rm pre-commit",
    "cd \"$(mktemp -d)\" && rm -f pre-commit",
    "mv .git/hooks/pre-commit /tmp",
    "chmod -x .git/hooks/pre-commit",
    "echo exit 0 > .git/hooks/pre-commit",
    "printf x >> .git/config",
    "echo x >| .git/hooks/pre-commit",
    "echo x &> .git/hooks/pre-commit",
    "cat > .git/hooks/pre-commit <<EOF\nexit 0\nEOF",
    "tee .git/hooks/pre-commit < /dev/null",
    "cp x .git/hooks/pre-commit",
    "ln -sf /bin/true .git/hooks/pre-commit",
    "sed -i 's/a/b/' .git/hooks/pre-commit",
    "perl -pi -e 's/a/b/' .husky/pre-commit",
    "dd if=/dev/null of=.git/hooks/pre-commit",
    "truncate -s0 .keysweep.toml",
    "find .git/hooks -delete",
    "find .git/hooks -type f -exec rm {} +",
    "echo .git/hooks/pre-commit | xargs rm",
    "sudo rm .git/hooks/pre-commit",
    "sh -c 'rm .git/hooks/pre-commit'",
    "F=.git/hooks/pre-commit; rm $F",
    "rm \"$PWD/.git/hooks/pre-commit\"",
    "git rm .keysweep.toml",
    "git checkout HEAD~1 -- .keysweep.toml",
    "git mv .keysweep-baseline x",
    "echo x > .keysweep-baseline",
    "echo x > .claude/settings.json",
    "rm ~/.claude/settings.json",
    "rm .pre-commit-config.yaml",
    "rm lefthook.yml",
    "keysweep uninstall",
    "pre-commit uninstall",
    "npx lefthook uninstall",
    "keysweep baseline",
    "python3 -c \"open('.git/hooks/pre-commit', 'w')\"",
    "echo 'x # keysweep:allow' >> a.py",
    "rm -rf \"$(git rev-parse --git-dir)/hooks\"",
    "rm -rf $(git rev-parse --git-path hooks)",
    "rm \"$GIT_DIR/hooks/pre-commit\"",
    "sed 's/a/b/w .git/hooks/pre-commit' x",
    "find . -name pre-commit -delete",
    "awk 'BEGIN { print > \".git/hooks/pre-commit\" }'",
];

/// Ordinary commands.
const FINE: &[&str] = &[
    "ls",
    "git status",
    "git commit -m 'Never use --no-verify'",
    "git commit -m \"$(cat <<'EOF'\nSubject\n\nBody with --no-verify and `code`\nEOF\n)\"",
    "git commit -m \"$(cat <<'EOF'\nDon't: 1) \"skip\" -n\nEOF\n)\" && git push",
    "git commit -F - <<EOF\nSubject (it's $x)\nEOF",
    "cat > a.py <<'EOF'\nprint(\"git commit -n\")\nEOF",
    "git add -A && git commit -m x && git push",
    "git push -n",
    "git push -u origin \"$(git branch --show-current)\"",
    "git push origin HEAD",
    "git push origin $BRANCH",
    "git commit -m\"$MSG\" --author=\"$WHO\"",
    "args=(-m x); git commit \"${args[@]}\"",
    "read -r name < VERSION; git tag \"v$name\"",
    "eval \"$(ssh-agent -s)\"",
    "cd \"$(git rev-parse --show-toplevel)\" && cargo test",
    "git log -n 5 --oneline | head",
    "git diff HEAD~1 -- .keysweep.toml",
    "git config --get core.hooksPath",
    "git config user.name Ada",
    "git stash && git pull --rebase && git stash pop",
    "git checkout -b topic",
    "git rebase --continue",
    "git ls-files | xargs grep -n foo",
    "git ls-files -z | xargs -0 wc -l",
    "git -C sub status",
    "git fine",
    "cat .git/hooks/pre-commit",
    "cat .keysweep.toml | head -5",
    "grep -rn keysweep:allow src",
    "grep -n 'git commit -n' README.md",
    "echo 'git commit --no-verify'",
    "sed -n 1,5p .git/config",
    "find . -name '*.rs' -newer .git/index",
    "ls -la .git/hooks",
    "test -x .git/hooks/pre-commit && echo yes",
    "diff .husky/pre-commit x",
    "HUSKY=1 git commit -m x",
    "SKIP= git commit -m x",
    "SKIP=1 make test",
    "export PATH=$PATH:/x; cargo test",
    "for f in *.rs; do echo \"$f\"; done",
    "python3 -c 'print(1)'",
    "python3 - <<EOF\nprint('github')\nEOF",
    "cargo build 2>&1 | tail -20",
    "rm -rf target *.toml",
    "npm install && npm run build",
    "sudo apt-get install -y git",
    "keysweep staged && keysweep doctor",
    "gh pr create --title x --body 'y'",
    "docker run --rm -v \"$PWD:/w\" alpine sh -c 'ls /w'",
    "echo \"${FOO%%.*} ${#BAR} $((1 + 2))\"",
    "x='unterminated",
    concat!("cat > a.py <<'EOF'\n", "if git: for x in y: case { ( `\n", "EOF"),
];

/// A repository with aliases.
fn repo() -> Repo {
    let repo = Repo::new();
    repo.git(&["config", "alias.ci", "commit -n"]);
    repo.git(&["config", "alias.cx", "!git push --no-verify"]);
    repo.git(&["config", "alias.fine", "log -n 1"]);
    repo
}

/// The commands whose outcome is another one.
fn others(commands: &[&str], wanted: &Outcome) -> Vec<String> {
    let repo = repo();
    let wrong =
        commands.iter().map(|command| (command, shell(&repo, command))).filter(|(_, outcome)| outcome != wanted);
    wrong.map(|(command, outcome)| format!("{outcome:?}: {command}")).collect()
}

#[test]
fn commands_that_skip_the_hooks_are_refused() {
    let wrong = others(REFUSED, &Outcome::Blocks);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn commands_that_change_the_protection_are_for_a_person() {
    let wrong = others(ASKED, &Outcome::Asks);
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn long_texts_in_documents_pass() {
    let repo = repo();
    let text = "if git: for x in y: case { ( ` it's 1) $x\n".repeat(300);
    for command in [format!("cat > a.py <<'EOF'\n{text}EOF"), format!("git commit -m \"$(cat <<'EOF'\n{text}EOF\n)\"")]
    {
        assert_eq!(shell(&repo, &command), Outcome::GoesOn);
    }
    assert_eq!(shell(&repo, &format!("cat > a.py <<'EOF'\n{text}EOF\ngit commit -n")), Outcome::Blocks);
}

#[test]
fn ordinary_commands_pass() {
    let wrong = others(FINE, &Outcome::GoesOn);
    assert!(wrong.is_empty(), "{wrong:#?}");
}
