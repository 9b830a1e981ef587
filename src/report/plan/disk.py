

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
    out = git(folder, "for-each-ref", "--format=%(objectname) %(refname)%00%(symref)")
    refs = collections.OrderedDict()
    for line in out.splitlines():
        line, _, symbolic = line.partition(b"\0")
        oid, ref = line.split(b" ", 1)
        if not symbolic and (folder == common or ref.startswith((b"refs/bisect/", b"refs/worktree/", b"refs/rewritten/"))):
            refs[ref] = oid
    head = read_file(folder + "/HEAD").strip()
    if not head.startswith(b"ref:"):
        refs[b"HEAD"] = head
    return refs


def symbolic_refs(folder):
    out = git(folder, "for-each-ref", "--format=%(refname) %(symref)")
    return [line.split(b" ", 1) for line in out.splitlines() if not line.endswith(b" ")]


class Worktree:
    """The index of a worktree, and the files that are as HEAD has them: what nobody changed may be written anew."""

    def __init__(self, folder, top):
        self.folder, self.top = folder, top
        self.entries = []
        if os.path.exists(folder + "/index"):
            for record in self.git("ls-files", "-s", "-v", "-z").split(b"\0"):
                if record:
                    info, path = record.split(b"\t", 1)
                    self.entries.append(info.split(b" ") + [path])

    def git(self, *args, **more):
        place = {"GIT_WORK_TREE": self.top} if self.top else {"GIT_WORK_TREE": self.folder}
        return git(self.folder, *args, cwd=self.top or self.folder, env=place, **more)

    def affected(self, new):
        return [one for one in self.entries if one[2] in new or change(one[4]) != one[4]]

    def untouched(self):
        """Paths that are the same in HEAD, the index and the folder."""
        if not self.top:
            return set()
        self.git("update-index", "-q", "--refresh", may_fail=True)
        changed = set(self.git("diff-files", "-z", "--name-only", "--no-ext-diff").split(b"\0"))
        head = self.git("rev-parse", "--verify", "--quiet", "HEAD^{tree}", may_fail=True).strip()
        if not head:
            return set()
        changed |= set(self.git("diff-index", "-z", "--cached", "--name-only", "--no-renames", head.decode()).split(b"\0"))
        return set(one[4] for one in self.entries if one[0] == b"H" and one[3] == b"0") - changed


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


def renew_index(worktree, new, untouched, backup):
    """Takes the tokens out of the index, and writes the files anew that nobody changed. Returns the others."""
    affected = worktree.affected(new)
    if not affected:
        return []
    paths = set(one[4] for one in affected)
    lines, zero = [], b"0" * (2 * SIZE)
    lines += [b"0 " + zero + b"\t" + path for path in sorted(paths)]
    marks = {"--skip-worktree": [], "--assume-unchanged": []}
    for tag, mode, oid, stage, path in worktree.entries:
        if path in paths:
            lines.append(b" ".join([mode, new.get(oid, oid), stage]) + b"\t" + change(path))
            if tag.upper() == b"S":
                marks["--skip-worktree"].append(change(path))
            if tag.islower():
                marks["--assume-unchanged"].append(change(path))
    write = sorted(change(path) for path in paths & untouched)
    for path in sorted(paths & untouched):
        # A file that somebody changes at this very moment is in the backup all the same.
        kept = os.path.join(os.fsencode(backup), b"files", path)
        os.makedirs(os.path.dirname(kept), exist_ok=True)
        if os.path.lexists(kept):
            os.remove(kept)
        shutil.copy2(on_disk(worktree, path), kept, follow_symlinks=False)
        os.remove(on_disk(worktree, path))
        remove_empty(os.path.dirname(path), worktree)
    worktree.git("update-index", "-z", "--index-info", input=b"\0".join(lines) + b"\0")
    for mark, marked in marks.items():
        if marked:
            worktree.git("update-index", mark, "-z", "--stdin", input=b"\0".join(marked) + b"\0")
    if write:
        worktree.git("checkout-index", "-f", "-u", "-z", "--stdin", input=b"\0".join(write) + b"\0")
    worktree.git("update-index", "--clear-resolve-undo", may_fail=True)
    if any(change(path) != path for path in paths):
        # The trees that the index remembers have the old names until they are made anew.
        worktree.git("write-tree", may_fail=True)
    return sorted(paths - untouched) if worktree.top else []


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
        data = change(old) if name not in ("config", "config.worktree") else b"\n".join(
            change(line) if line.startswith(b"[branch ") or b"refs/heads/" in line else line for line in old.split(b"\n"))
        if name.startswith("logs/"):
            data = b"".join(line for line in data.splitlines(True) if not line.rstrip().endswith(b"\t" + REASON))
        if name.startswith("logs/") or name in ("shallow", "FETCH_HEAD", "ORIG_HEAD", "AUTO_MERGE"):
            data = re.sub(br"\b[0-9a-f]{%d}\b" % (2 * SIZE), lambda m: new.get(m.group(), m.group()), data)
        if data != old:
            write_file(path, data)
    head = read_file(folder + "/HEAD")
    if change(head) != head:
        write_file(folder + "/HEAD", change(head))


def is_reftable(common):
    return git(common, "config", "--get", "extensions.refstorage", may_fail=True).strip() == b"reftable"


def renew_reftable(common, new):
    """No reflog can be edited there: the list of stashes is made anew, the other reflogs are emptied."""
    out = git(common, "log", "-g", "--format=%H%x00%gs", "refs/stash", "--", may_fail=True)
    stashes = [line.split(b"\0", 1) for line in out.splitlines()]
    git(common, "reflog", "expire", "--expire=all", "--all")
    if stashes:
        git(common, "update-ref", "-d", "refs/stash")
        for oid, why in reversed(stashes):
            git(common, "stash", "store", "-m", os.fsdecode(change(why)), new.get(oid, oid).decode())
    git(common, "pack-refs", "--all")


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


def purge(common, new):
    """Removes the old objects, and no other: packs that have one are written again without them."""
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
    return [oid for oid in all_ids(common) if oid in new]


def settle(common, backup, place=None):
    """Takes the tokens out of a repository on disk. Prints what remains. The refs of a `place` are its own affair: a push moved
    those that it lets anybody move."""
    new, _ = read_map()
    held = [ref for ref, _, _, _ in moves(own_refs(common, common), new)] if place else []
    if held:
        print("%s still has %s, which lead to old objects: its owner deletes them" %
              (text(common), ", ".join(text(ref) for ref in held[:5])))
        return
    known = set(read_file(WORK + "/known").split()).union(new.values())
    if not known.issuperset(all_ids(common)):
        stop("something was added to %s meanwhile: run this again" % text(common))
    worktrees = [Worktree(folder, top) for folder, top in git_folders(common)]
    untouched = [worktree.untouched() for worktree in worktrees]
    carry(common, new)
    logs = {}
    for worktree in worktrees:
        lines = []
        for ref, oid, to, target in list(moves(own_refs(worktree.folder, common), new)):
            if ref == to:
                lines.append(b"option no-deref\nupdate %s %s %s\n" % (ref, target, oid))
            else:
                log = os.path.join(os.fsencode(common), b"logs", ref)
                if os.path.isfile(log):
                    logs[os.path.join(os.fsencode(common), b"logs", to)] = read_file(log)
                lines.append(b"delete %s %s\ncreate %s %s\n" % (ref, oid, to, target))
        if lines:
            git(worktree.folder, "update-ref", "-m", REASON.decode(), "--stdin", input=b"".join(lines))
        for name, target in symbolic_refs(worktree.folder):
            if change(target) != target:
                git(worktree.folder, "symbolic-ref", name.decode(), os.fsdecode(change(target)))
    for path, log in logs.items():
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(log)
    for worktree, clean in zip(worktrees, untouched):
        for path in renew_index(worktree, new, clean, backup):
            disk = on_disk(worktree, path)
            if os.path.isfile(disk) and not os.path.islink(disk) and change(read_file(disk)) != read_file(disk):
                print("note: %s/%s is not committed as it is, so it was left alone: take the token out before you add it"
                      % (text(worktree.top), text(path)))
        renew_files(worktree.folder, new)
    if is_reftable(common):
        renew_reftable(common, new)
    left = purge(common, new)
    if left:
        print("%s borrows objects from another repository, which still has %d old ones: its owner cleans it (%s)"
              % (text(common), len(left), text(common + "/objects/info/alternates")))
    for path in files_below(common + "/lfs", set()):
        if change(read_file(path)) != read_file(path):
            print("%s, an object of Git LFS, holds a token: delete it here, and have the LFS server's owner delete it there"
                  % text(path))
    for path in list(files_below(common + "/hooks", set())) + [common + "/config"]:
        if os.path.isfile(path) and change(read_file(path)) != read_file(path):
            print("%s holds a token: take it out by hand" % text(path))


def unfinished(common):
    """Names a merge, a rebase and the like that would go on with old commits."""
    marks = ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_START", "index.lock")
    for folder, top in git_folders(common):
        for mark in marks:
            if os.path.exists(folder + "/" + mark):
                print("%s (%s)" % (text(top or folder), mark))


def start(common):
    """Writes the refs of the repository, as `NAME.refs` has those of a place, and the names of all places without tokens."""
    refs = collections.OrderedDict()
    for number, (folder, _) in enumerate(git_folders(common)):
        for ref, oid in own_refs(folder, common).items():
            refs[ref if folder == common else b"worktree-%d/%s" % (number, ref)] = oid
    write_file(WORK + "/here.refs", b"".join(oid + b" " + ref + b"\n" for ref, oid in refs.items()))
    write_file(WORK + "/here.shown", text(common).encode())
    for number, line in enumerate(read_file(WORK + "/places").splitlines()):
        write_file("%s/place%d.shown" % (WORK, number + 1), text(without_password(line.split(b" ", 1)[1])).encode())
    unfinished(common)


def without_password(url):
    return re.sub(br"^([a-z+]+://)[^/@]*@", br"\1", url)


def after(places):
    """Refs for all that will be, so that it can be copied and swept."""
    new, _ = read_map()
    known, lines = set(all_ids(CLEAN)), []
    for place in places_of(places):
        refs = refs_of(place)
        gone = dict((ref, (to, target)) for ref, _, to, target in moves(refs, new))
        for ref, oid in refs.items():
            to, target = gone.get(ref, (ref, oid))
            if target in known:
                lines.append(b"update refs/after/%s/%s %s\n" % (place.encode(), to.replace(b"refs/", b"", 1), target))
    git(CLEAN, "update-ref", "--stdin", input=b"".join(lines))


def keep(_):
    """Refs for all that `here` and the places have, so that a bundle of them is a backup."""
    known, lines = set(all_ids(CLEAN)), []
    logged = set()
    for path in files_below(os.environ["KEYSWEEP_COMMON"], NOT_TEXT - {"worktrees"}):
        if "/logs/" in path:
            logged.update(re.findall(br"^[0-9a-f]+ ([0-9a-f]+) ", read_file(path), re.M))
    for ref, oid in refs_of("here").items():
        if oid in known:
            lines.append(b"update refs/here/%s %s\n" % (ref, oid))
    lines += [b"update refs/reflog/%s %s\n" % (oid, oid) for oid in logged & known]
    git(CLEAN, "update-ref", "--stdin", input=b"".join(lines))


def scan(folder):
    """How many objects and refs of a repository hold a token, by their bytes."""
    objects = 0
    for oid, kind, data in every_object(folder):
        if kind == b"tree":
            objects += any(change(name) != name for _, name, _ in entries(data))
        else:
            objects += oid in ARCHIVES or change(data) != data
    refs = [ref for ref in git(folder, "for-each-ref", "--format=%(refname)").splitlines() if change(ref) != ref]
    if objects or refs:
        print("%d objects and %d names of refs" % (objects, len(refs)))


def mask():
    """Standard input, line by line, without tokens."""
    for line in sys.stdin.buffer:
        print(text(line.rstrip(b"\n")))


SIZE = 32 if git(CLEAN, "rev-parse", "--show-object-format").strip() == b"sha256" else 20
STEPS = {"start": start, "rewrite": rewrite, "keep": keep, "push": push, "settle": settle,
         "scan": scan, "mask": mask}
STEPS[STEP](*sys.argv[3:])
