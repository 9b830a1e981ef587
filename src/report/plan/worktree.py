

# A worktree: its index and its files.

class Worktree:
    """The index of a worktree, and the files that are unchanged from HEAD: only those may be rewritten."""

    def __init__(self, folder, top):
        self.folder, self.top = folder, top
        # Start no filter that the repository configures. A file with a filter is not changed.
        keys = git(folder, "config", "-z", "--name-only", "--get-regexp", r"^filter\.", may_fail=True).split(b"\0")
        drivers = sorted(set(key.rpartition(b".")[0] for key in keys if key))
        off = [(os.fsdecode(one) + end, "") for one in drivers for end in (".clean", ".smudge", ".process")]
        off += [(os.fsdecode(one) + ".required", "false") for one in drivers]
        # These index features keep file names outside the entries.
        off += [("core.splitIndex", "false"), ("core.untrackedCache", "false")]
        start = int(os.environ["GIT_CONFIG_COUNT"])
        self.env = {"GIT_WORK_TREE": top or folder, "GIT_CONFIG_COUNT": str(start + len(off))}
        for number, (key, value) in enumerate(off):
            self.env["GIT_CONFIG_KEY_%d" % (start + number)] = key
            self.env["GIT_CONFIG_VALUE_%d" % (start + number)] = value
        self.entries = []
        if os.path.exists(folder + "/index"):
            for record in self.git("ls-files", "-s", "-v", "-z").split(b"\0"):
                if record:
                    info, path = record.split(b"\t", 1)
                    self.entries.append(info.split(b" ") + [path])
        self.renamed = renamed_paths(one[4] for one in self.entries)
        # Files to write: the old path on disk and the new path in the index.
        self.write = []

    def git(self, *args, **more):
        return git(self.folder, *args, cwd=self.top or self.folder, env=self.env, **more)

    def paths(self, *args, **more):
        return set(self.git(*args, **more).split(b"\0")) - {b""}

    def affected(self, new):
        return [one for one in self.entries if one[2] in new or self.renamed[one[4]] != one[4]]

    def find_untouched(self, new):
        """Selects files that are equal in HEAD, the index and the folder, and files that an interrupted run did not write."""
        if not self.top:
            return
        self.git("update-index", "-q", "--refresh", may_fail=True)
        changed = self.paths("diff-files", "-z", "--name-only", "--no-ext-diff", "--ignore-submodules=all")
        head = {}
        for record in self.git("ls-tree", "-r", "-z", "HEAD", may_fail=True).split(b"\0"):
            if record:
                info, path = record.split(b"\t", 1)
                head[path] = tuple(info.split(b" ")[::2])
        plain = set(one[4] for one in self.entries if one[0] == b"H" and one[3] == b"0" and one[1] != b"160000")
        plain -= self.with_filter(plain.intersection(one[4] for one in self.affected(new)))
        for _, mode, oid, _, path in self.affected(new):
            after = head.get(self.renamed[path]) == (mode, new.get(oid, oid))
            if path in plain - changed and (after or head.get(path) == (mode, oid)):
                self.write.append((path, self.renamed[path]))
        self.find_unfinished(new, changed & plain)

    def find_unfinished(self, new, changed):
        """Selects files whose index entry is rewritten while the file on disk has the old content."""
        made = {one[4]: one[2] for one in self.entries if one[4] in changed and one[4] == self.renamed[one[4]]}
        old = {path: path for path in made if os.path.isfile(on_disk(self, path)) and made[path] in new.values()}
        if any(not os.path.lexists(on_disk(self, path)) for path in made):
            names = renamed_paths(self.paths("ls-files", "-o", "-z"))
            old.update((path, to) for path, to in names.items() if path != to and to in made)
        old = {path: to for path, to in old.items() if not os.path.islink(on_disk(self, path))}
        drafts = set(old) - self.with_filter(set(old) | set(old.values()))
        drafts = sorted(path for path in drafts if b"\n" not in path)
        if drafts:
            ids = self.git("hash-object", "--stdin-paths", input=b"\n".join(drafts) + b"\n").split()
            self.write += [(path, old[path]) for path, oid in zip(drafts, ids) if new.get(oid, oid) == made[old[path]]]

    def with_filter(self, paths):
        out = self.git("check-attr", "-z", "--stdin", "filter", input=b"".join(path + b"\0" for path in sorted(paths)))
        fields = out.split(b"\0")
        return set(path for path, value in zip(fields[::3], fields[2::3]) if value not in (b"unspecified", b"unset"))


def renamed_paths(paths):
    """New path of each path. Colliding names in one folder get a suffix, as in a tree."""
    tree = {}
    for path in paths:
        folder = tree
        for name in path.split(b"/"):
            folder = folder.setdefault(name, {})
    renamed, folders = {}, [(b"", b"", tree)]
    while folders:
        old, to, names = folders.pop()
        for name, other in zip(*new_names(sorted(names, key=lambda name: name + (b"/" if names[name] else b"")))):
            if names[name]:
                folders.append((old + name + b"/", to + other + b"/", names[name]))
            else:
                renamed[old + name] = to + other
    return renamed


def on_disk(worktree, path):
    return os.path.join(os.fsencode(worktree.top), path)


def remove_empty(folder, worktree):
    """Removes the empty folders that a renamed file leaves, as git does."""
    while folder:
        try:
            os.rmdir(on_disk(worktree, folder))
        except OSError:
            return
        folder = os.path.dirname(folder)


def renew_index(worktree, new, backup):
    """Takes the tokens out of the index, and writes the files anew that nobody changed. A file is removed only after the
    one that takes its place was written."""
    affected = worktree.affected(new)
    shared = [worktree.folder + "/" + name for name in os.listdir(worktree.folder) if name.startswith("sharedindex.")]
    shared = [path for path in shared if change(read_file(path)) != read_file(path)]
    paths = set(one[4] for one in affected)
    # An untracked file may have the new name.
    taken = lambda path, to: path != to and to not in worktree.renamed and os.path.lexists(on_disk(worktree, to))
    worktree.write = [(path, to) for path, to in worktree.write if not taken(path, to)]
    modes = {}
    for path, to in worktree.write:
        # Back up the file on disk, because a user may change it at this moment.
        kept = os.path.join(os.fsencode(backup), b"files", path)
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        if os.path.lexists(kept):
            os.remove(kept)
        shutil.copy2(on_disk(worktree, path), kept, follow_symlinks=False)
        if not os.path.islink(on_disk(worktree, path)):
            modes[to] = os.stat(on_disk(worktree, path)).st_mode & 0o7777
    if affected:
        lines, zero = [], b"0" * (2 * SIZE)
        lines += [b"0 " + zero + b"\t" + path for path in sorted(paths)]
        marks = {"--skip-worktree": [], "--assume-unchanged": []}
        for tag, mode, oid, stage, path in (one for one in worktree.entries if one[4] in paths):
            lines.append(b" ".join([mode, new.get(oid, oid), stage]) + b"\t" + worktree.renamed[path])
            if tag.upper() == b"S":
                marks["--skip-worktree"].append(worktree.renamed[path])
            if tag.islower():
                marks["--assume-unchanged"].append(worktree.renamed[path])
        worktree.git("update-index", "-z", "--index-info", input=b"\0".join(lines) + b"\0")
        for mark, marked in marks.items():
            if marked:
                worktree.git("update-index", mark, "-z", "--stdin", input=b"\0".join(marked) + b"\0")
    if worktree.write:
        names = b"".join(to + b"\0" for _, to in sorted(worktree.write))
        worktree.git("checkout-index", "-f", "-u", "-z", "--stdin", input=names)
        for path, mode in modes.items():
            os.chmod(on_disk(worktree, path), mode)
        for path, to in sorted(worktree.write):
            if path != to:
                os.remove(on_disk(worktree, path))
                remove_empty(os.path.dirname(path), worktree)
        worktree.git("update-index", "-q", "--refresh", may_fail=True)
    if affected or shared:
        worktree.git("update-index", "--clear-resolve-undo", may_fail=True)
        worktree.git("update-index", "--force-write-index", may_fail=True)
    if any(worktree.renamed[path] != path for path in paths):
        # The cache tree of the index contains the old names until it is rewritten.
        worktree.git("write-tree", may_fail=True)
    for path in shared:
        os.remove(path)


def left_alone(worktree):
    """Tracked files on disk that hold a token still: they are not committed as they are, or a filter writes them."""
    if not worktree.top:
        return
    written = set(path for path, _ in worktree.write)
    changed = worktree.paths("diff-files", "-z", "--name-only", "--no-ext-diff", "--ignore-submodules=all")
    for path in sorted(changed | set(path for path, to in worktree.renamed.items() if path != to) - written):
        disk = on_disk(worktree, path)
        if not os.path.lexists(disk):
            continue
        data = os.fsencode(os.readlink(disk)) if os.path.islink(disk) else read_file(disk) if os.path.isfile(disk) else b""
        if change(data) != data:
            print("note: %s/%s was not rewritten, because it is not committed in this form: remove the token before you add it"
                  % (text(worktree.top), text(path)))
        elif worktree.renamed.get(path, path) != path:
            print("note: %s/%s still has its old name, which contains a token: rename it to %s"
                  % (text(worktree.top), text(path), text(worktree.renamed[path])))
