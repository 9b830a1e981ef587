

# A repository on disk: its refs, indexes, files, reflogs and objects.

def git_folders(common):
    """Its git directory and that of each linked worktree, with the worktree's folder where it has one that is there."""
    top = git(common, "config", "--get", "core.worktree", may_fail=True).strip()
    if git(common, "rev-parse", "--is-bare-repository").strip() == b"true":
        yield common, None
    elif top:
        yield common, os.path.join(common, os.fsdecode(top))
    elif os.path.basename(common) == ".git":
        yield common, os.path.dirname(common)
    else:
        # A git directory elsewhere than its worktree: only a sweep there knows where that is.
        top = os.environ["KEYSWEEP_TOP"]
        link = read_file(top + "/.git").strip() if os.path.isfile(top + "/.git") else b""
        target = os.path.join(top, os.fsdecode(link[len(b"gitdir: "):]))
        yield common, top if os.path.realpath(target) == os.path.realpath(common) else None
    linked = os.path.join(common, "worktrees")
    for name in sorted(os.listdir(linked)) if os.path.isdir(linked) else []:
        folder = os.path.join(linked, name)
        if os.path.isfile(folder + "/gitdir"):
            top = os.path.dirname(os.path.join(folder, os.fsdecode(read_file(folder + "/gitdir")).strip()))
            yield folder, top if os.path.isdir(top) else None


def own_refs(folder, common):
    """HEAD where it is detached, and what a linked worktree has besides the shared refs. Without symbolic ones."""
    more = ["--include-root-refs"] if is_reftable(common) else []
    out = git(folder, "for-each-ref", "--format=%(objectname) %(refname)%00%(symref)", *more)
    refs = collections.OrderedDict()
    for line in out.splitlines():
        line, _, symbolic = line.partition(b"\0")
        oid, ref = line.split(b" ", 1)
        of_worktree = not ref.startswith(b"refs/") or ref.startswith((b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"))
        if not symbolic and (folder == common or of_worktree):
            refs[ref] = oid
    head = read_file(folder + "/HEAD").strip()
    if not head.startswith(b"ref:"):
        refs[b"HEAD"] = head
    return refs


def rename_head(folder, common):
    """Points HEAD to the branch under its new name."""
    if is_reftable(common):
        head = git(folder, "symbolic-ref", "-q", "HEAD", may_fail=True).strip()
        if change(head) != head:
            git(folder, "symbolic-ref", "HEAD", os.fsdecode(change(head)))
    else:
        head = read_file(folder + "/HEAD")
        if change(head) != head:
            write_file(folder + "/HEAD", change(head))


def is_mine(folder):
    """Whether the files that git makes there get the owner that they have now, or one that the repository allows."""
    if not hasattr(os, "geteuid") or os.stat(folder).st_uid == os.geteuid():
        return True
    return git(folder, "config", "--get", "core.sharedRepository", may_fail=True).strip() not in (b"", b"umask", b"false", b"0")


def all_refs(common):
    return [own_refs(folder, common) for folder, _ in git_folders(common)]


def symbolic_refs(folder):
    out = git(folder, "for-each-ref", "--format=%(refname) %(symref)")
    return [line.split(b" ", 1) for line in out.splitlines() if not line.endswith(b" ")]


class Worktree:
    """The index of a worktree, and the files that are as HEAD has them: what nobody changed may be written anew."""

    def __init__(self, folder, top):
        self.folder, self.top = folder, top
        # Programs that the repository names for its files are not started. Such a file is left alone.
        keys = git(folder, "config", "-z", "--name-only", "--get-regexp", r"^filter\.", may_fail=True).split(b"\0")
        drivers = sorted(set(key.rpartition(b".")[0] for key in keys if key))
        off = [(os.fsdecode(one) + end, "") for one in drivers for end in (".clean", ".smudge", ".process")]
        off += [(os.fsdecode(one) + ".required", "false") for one in drivers]
        # Names that the index keeps elsewhere, or besides its entries.
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
        # Old path on disk and path in the index, of the files to write.
        self.write = []

    def git(self, *args, **more):
        return git(self.folder, *args, cwd=self.top or self.folder, env=self.env, **more)

    def paths(self, *args, **more):
        return set(self.git(*args, **more).split(b"\0")) - {b""}

    def affected(self, new):
        return [one for one in self.entries if one[2] in new or self.renamed[one[4]] != one[4]]

    def find_untouched(self, new):
        """Files that are the same in HEAD, the index and the folder, and files that a run which was stopped did not write."""
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
        """The index has the replacement, and the file on disk is what it replaced."""
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
    """What each path is called without tokens. Two names in one folder may become one, as in a tree."""
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
    """The folder of a file that gets another name, and those above it, as git does it."""
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
    # A file that nobody tracks may have the name.
    taken = lambda path, to: path != to and to not in worktree.renamed and os.path.lexists(on_disk(worktree, to))
    worktree.write = [(path, to) for path, to in worktree.write if not taken(path, to)]
    modes = {}
    for path, to in worktree.write:
        # A file that somebody changes at this very moment is in the backup all the same.
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
        # The trees that the index remembers have the old names until they are made anew.
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
            print("note: %s/%s is not committed as it is, so it was left alone: take the token out before you add it"
                  % (text(worktree.top), text(path)))
        elif worktree.renamed.get(path, path) != path:
            print("note: %s/%s still has its old name, with the token: give it the new one, %s"
                  % (text(worktree.top), text(path), text(worktree.renamed[path])))


def files_below(folder, without):
    for here, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - (without if here == folder else set()))
        for name in names:
            path = os.path.join(here, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


# The message of a reflog's entry that is taken out again: a stash would be listed twice.
REASON = b"keysweep: take out tokens"
NOT_TEXT = {"objects", "modules", "hooks", "lfs", "refs", "annex", "worktrees", "reftable"}


def renew_files(folder, new):
    """Reflogs, the shallow boundary, and what git left behind: messages that were edited, what rerere remembers."""
    for path in files_below(folder, NOT_TEXT):
        name = os.path.relpath(path, folder)
        if name in ("index", "packed-refs", "HEAD") or name.endswith(".lock") or os.path.getsize(path) > 1 << 26:
            continue
        old = read_file(path)
        if b"\0" in old:
            # Of a format that nobody here knows. The proof looks at it.
            continue
        data = change(old) if name not in ("config", "config.worktree") else b"\n".join(
            change(line) if line.startswith(b"[branch ") or b"refs/heads/" in line else line for line in old.split(b"\n"))
        if name.startswith("logs/"):
            data = b"".join(line for line in data.splitlines(True) if not line.rstrip().endswith(b"\t" + REASON))
        if name.startswith("logs/") or name in ("shallow", "FETCH_HEAD", "ORIG_HEAD", "AUTO_MERGE", "info/grafts"):
            data = re.sub(br"\b[0-9a-f]{%d}\b" % (2 * SIZE), lambda m: new.get(m.group(), m.group()), data)
        if data != old:
            write_file(path, data)


def is_reftable(common):
    return os.path.isdir(common + "/reftable")


def renew_reftable(common, new, folders):
    """No reflog can be edited there: the list of stashes is made anew, the other reflogs are emptied."""
    out = git(common, "log", "-g", "--format=%H%x00%gs", "refs/stash", "--", may_fail=True)
    stashes = [line.split(b"\0", 1) for line in out.splitlines()]
    for folder in folders:
        git(folder, "reflog", "expire", "--expire=all", "--all")
    if stashes:
        git(common, "update-ref", "-d", "refs/stash")
        for oid, why in reversed(stashes):
            git(common, "stash", "store", "-m", os.fsdecode(change(why)), new.get(oid, oid).decode())
    for folder in folders:
        git(folder, "pack-refs", "--all")
    print("note: the reflogs of %s are empty now, since nothing can edit those of a reftable: the backup has their commits"
          % text(common))


def carry(common, new):
    """Brings what stands for its old objects."""
    wanted = sorted(set(new[oid] for oid in all_ids(common) if oid in new))
    if wanted:
        pack = git(CLEAN, "pack-objects", "--stdout", "-q", "--delta-base-offset", input=b"\n".join(wanted) + b"\n")
        partial = ["--promisor"] if list(packs(common, ".promisor")) else []
        git(common, "index-pack", "--stdin", *partial, input=pack)


def packs(common, end):
    folder = common + "/objects/pack"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        if name.startswith("pack-") and name.endswith(end):
            yield folder + "/" + name[:-len(end)]


def ids_in_pack(common, pack):
    listed = git(common, "show-index", "--object-format=" + ("sha1" if SIZE == 20 else "sha256"),
                 input=read_file(pack + ".idx"))
    return set(line.split()[1] for line in listed.splitlines())


def index_packs(common):
    """A pack without an index is what a removal left that was stopped between the two."""
    for pack in packs(common, ".pack"):
        if not os.path.exists(pack + ".idx"):
            git(common, "index-pack", pack + ".pack", may_fail=True)


def purge(common, new, refs):
    """Removes the old objects, and no other: packs that have one are written again without them. `refs` are all there are."""
    bad = {pack: ids for pack, ids in ((pack, ids_in_pack(common, pack)) for pack in packs(common, ".idx"))
           if not ids.isdisjoint(new)}
    kept = set().union(*bad.values()).difference(new) if bad else set()
    if kept:
        made = git(common, "pack-objects", "-q", common + "/objects/pack/pack", input=b"\n".join(sorted(kept)) + b"\n")
        made = [common + "/objects/pack/pack-" + os.fsdecode(name) for name in made.split()]
        if kept != set().union(*(ids_in_pack(common, pack) for pack in made)):
            stop("cannot write the objects of %s anew: nothing was removed" % text(common))
        for pack in made if any(os.path.exists(pack + ".promisor") for pack in bad) else []:
            open(pack + ".promisor", "wb").close()
        bad = {pack: ids for pack, ids in bad.items() if pack not in made}
    if refs != all_refs(common):
        stop("a ref of %s was changed meanwhile: run this again" % text(common))
    graph = [path for path in files_below(common + "/objects/info", set()) if "commit-graph" in path]
    index = [path for path in files_below(common + "/objects/pack", set()) if "multi-pack-index" in path]
    for path in graph + index if new else []:
        os.remove(path)
    for pack in bad:
        for end in (".idx", ".rev", ".bitmap", ".mtimes", ".keep", ".promisor", ".pack"):
            if os.path.exists(pack + end):
                os.remove(pack + end)
    for oid in new:
        path = "%s/objects/%s/%s" % (common, oid[:2].decode(), oid[2:].decode())
        if os.path.exists(path):
            os.remove(path)
    if graph:
        git(common, "commit-graph", "write", "--reachable", may_fail=True)
    if os.path.exists(common + "/objects/info/packs"):
        git(common, "update-server-info")


def settle(common, backup, place=None):
    """Takes the tokens out of a repository on disk. Prints what remains. The refs of a `place` are its own affair: a push moved
    those that it lets anybody move."""
    if place and not is_mine(common):
        return
    new, _ = read_map()
    held = [ref for ref, _, _, _ in moves(own_refs(common, common), new)] if place else []
    if held:
        print("%s still has %s, which lead to old objects: its owner deletes them" %
              (text(common), ", ".join(text(ref) for ref in held[:5])))
        return
    index_packs(common)
    known = set(read_file(WORK + "/known").split()).union(new.values())
    if not known.issuperset(all_ids(common)):
        stop("something was added to %s meanwhile: run this again" % text(common))
    worktrees = [Worktree(folder, top) for folder, top in git_folders(common)]
    for worktree in worktrees:
        worktree.find_untouched(new)
    carry(common, new)
    for worktree in worktrees:
        renew_refs(worktree.folder, common, new)
    refs = all_refs(common)
    if any(True for of_folder in refs for _ in moves(of_folder, new)):
        stop("a ref of %s was changed meanwhile: run this again" % text(common))
    for worktree in worktrees:
        renew_index(worktree, new, backup)
        left_alone(worktree)
        renew_files(worktree.folder, new)
    if is_reftable(common):
        renew_reftable(common, new, [worktree.folder for worktree in worktrees])
    purge(common, new, refs)


def renew_refs(folder, common, new):
    lines, logs = [], {}
    refs = own_refs(folder, common)
    for ref, oid, to, target in list(moves(refs, new)):
        if ref == to:
            lines.append(b"option no-deref\nupdate %s %s %s\n" % (ref, target, oid))
            continue
        log = os.path.join(os.fsencode(common), b"logs", ref)
        if os.path.isfile(log):
            logs[os.path.join(os.fsencode(common), b"logs", to)] = read_file(log)
        lines.append(b"delete %s %s\n" % (ref, oid))
        if to not in refs:
            lines.append(b"create %s %s\n" % (to, target))
    if lines:
        git(folder, "update-ref", "-m", REASON.decode(), "--stdin", input=b"".join(lines))
    for name, target in symbolic_refs(folder):
        if change(target) != target:
            git(folder, "symbolic-ref", name.decode(), os.fsdecode(change(target)))
    rename_head(folder, common)
    for path, log in logs.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        write_file(path, log)


def unfinished(common):
    """Names a merge, a rebase and the like that would go on with old commits."""
    marks = ("rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_START")
    for folder, top in git_folders(common):
        for lock in ("index.lock", "HEAD.lock", "packed-refs.lock", "shallow.lock"):
            if os.path.exists(folder + "/" + lock):
                stop("%s/%s exists, so git runs in it, or was killed: wait for it, or remove the file, and run this again"
                     % (text(folder), lock))
        for mark in marks:
            if os.path.exists(folder + "/" + mark):
                print("%s (%s)" % (text(top or folder), mark))


def leave_one_run():
    """Removes what a run that was killed left behind, and stops beside one that still goes on."""
    folder, name = os.path.split(WORK)
    mine = read_file(WORK + "/owner").split(b"\n", 1)
    for other in sorted(os.listdir(folder)):
        path = os.path.join(folder, other)
        if not other.startswith("keysweep.") or other == name or not os.path.isfile(path + "/owner") or not is_mine(path):
            continue
        pid, replacements = read_file(path + "/owner").split(b"\n", 1)
        if replacements != mine[1]:
            continue
        try:
            os.kill(int(pid), 0)
        except (OSError, ValueError):
            shutil.rmtree(path)
        else:
            stop("this script runs already, as process %d: wait for it, or remove %s if that is another program"
                 % (int(pid), text(path)))


def start(common):
    """Writes the refs of the repository, as `NAME.refs` has those of a place, and the names of all places without tokens."""
    leave_one_run()
    if not is_mine(common):
        stop("%s belongs to another user, who could not use what this writes there: run this as its owner" % text(common))
    refs = collections.OrderedDict()
    for number, (folder, _) in enumerate(git_folders(common)):
        for ref, oid in own_refs(folder, common).items():
            refs[ref if folder == common else b"worktree-%d/%s" % (number, ref)] = oid
    write_file(WORK + "/here.refs", b"".join(oid + b" " + ref + b"\n" for ref, oid in refs.items()))
    write_file(WORK + "/here.shown", text(common).encode())
    for number, line in enumerate(read_file(WORK + "/places").splitlines()):
        write_file("%s/place%d.shown" % (WORK, number + 1), text(without_password(line.split(b" ", 2)[2])).encode())
    unfinished(common)


def without_password(url):
    return re.sub(br"^([a-z+]+://)[^/@]*@", br"\1", url)


def after(places):
    """Refs for all that will be, so that it can be copied and swept."""
    new, _ = read_map()
    known, refs_after = set(all_ids(CLEAN)), {}
    for place in places_of(places):
        refs = refs_of(place)
        gone = dict((ref, (to, target)) for ref, _, to, target in moves(refs, new))
        for ref, oid in refs.items():
            to, target = gone.get(ref, (ref, oid))
            if target in known:
                refs_after[place.encode() + b"/" + to.replace(b"refs/", b"", 1)] = target
    lines = [b"update refs/after/%s %s\n" % move for move in refs_after.items()]
    git(CLEAN, "update-ref", "--stdin", input=b"".join(lines))


def settings(common):
    """Copies the addresses and credentials that only this repository knows."""
    names = r"^(url|http|https|credential|protocol|ssh|core\.sshcommand|core\.gitproxy)(\.|$)"
    out = git(common, "config", "--local", "--includes", "-z", "--get-regexp", names, may_fail=True)
    with open(CLEAN + "/config", "ab") as config:
        for record in out.split(b"\0")[:-1]:
            key, has_value, value = record.partition(b"\n")
            section, _, name = key.rpartition(b".")
            section, _, middle = section.partition(b".")
            line = "[%s%s]\n\t%s%s\n" % (os.fsdecode(section), " " + quoted(middle) if middle else "", os.fsdecode(name),
                                       " = " + quoted(value) if has_value else "")
            config.write(line.encode("utf-8", "surrogateescape"))


def keep(_):
    """Refs for all that `here` and the places have, so that a bundle of them is a backup."""
    known, lines = set(all_ids(CLEAN)), []
    common, logged = os.environ["KEYSWEEP_COMMON"], set()
    for folder, _ in git_folders(common) if is_reftable(common) else []:
        logged.update(git(folder, "log", "-g", "--all", "--format=%H", may_fail=True).split())
    for path in files_below(common, NOT_TEXT - {"worktrees"}):
        if "/logs/" in path:
            logged.update(re.findall(br"^[0-9a-f]+ ([0-9a-f]+) ", read_file(path), re.M))
    for ref, oid in refs_of("here").items():
        if oid in known:
            lines.append(b"update refs/here/%s %s\n" % (ref, oid))
    lines += [b"update refs/reflog/%s %s\n" % (oid, oid) for oid in logged & known]
    git(CLEAN, "update-ref", "--stdin", input=b"".join(lines))


def scan(folder):
    """Names each kind of place in a git directory that holds a token, by its bytes."""
    tainted = []
    for oid, kind, data in every_object(folder):
        if any(change(name) != name for _, name, _ in entries(data)) if kind == b"tree" else (
                oid in ARCHIVES or change(data) != data):
            tainted.append(oid)
    if tainted and os.path.exists(folder + "/objects/info/alternates"):
        print("%s borrows objects from another repository, which still has %d that hold a token: its owner cleans it (%s)"
              % (text(folder), len(tainted), text(folder + "/objects/info/alternates")))
    elif tainted:
        print("%s still has %d objects that hold a token: its owner runs keysweep history --replacements there, and its plan"
              % (text(folder), len(tainted)))
    refs = [ref for ref in git(folder, "for-each-ref", "--format=%(refname)").splitlines() if change(ref) != ref]
    if refs:
        print("%s has refs with a token in their names: %s" % (text(folder), ", ".join(text(ref) for ref in refs[:5])))
    scan_files(folder)


def scan_files(folder):
    for path in files_below(folder, {"objects", "modules"}):
        if not path.endswith(".lock") and change(read_file(path)) != read_file(path):
            advice = ("an object of Git LFS, holds a token: delete it here, and have the LFS server's owner delete it there"
                      if os.path.relpath(path, folder).startswith("lfs/") else "holds a token: take it out by hand, or delete it")
            print("%s, %s" % (text(path), advice) if advice.startswith("an") else "%s %s" % (text(path), advice))
    for path in files_below(folder + "/objects", set()):
        if os.path.basename(path).startswith("tmp_") or path.endswith(".pack") and not os.path.exists(path[:-5] + ".idx"):
            print("%s is what an operation left that was stopped, and cannot be read: delete it once no git runs there"
                  % text(path))
    for path, folders, _ in os.walk(folder):
        for name in folders:
            if change(os.fsencode(name)) != os.fsencode(name):
                print("%s has a token in its name: give the folder another name" % text(os.path.join(path, name)))


def mask():
    """Standard input, line by line, without tokens."""
    for line in sys.stdin.buffer:
        print(text(line.rstrip(b"\n")))


SIZE = 32 if git(CLEAN, "rev-parse", "--show-object-format").strip() == b"sha256" else 20
STEPS = {"settings": settings, "start": start, "rewrite": rewrite, "keep": keep, "push": push, "settle": settle,
         "scan": scan, "mask": mask}
STEPS[STEP](*sys.argv[3:])
