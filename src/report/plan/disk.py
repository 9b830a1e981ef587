

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
    """Points HEAD to the new name of its branch."""
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
            # An unknown binary format: the proof searches it.
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
    print("note: the reflogs of %s are empty now, because git cannot edit the reflogs of a reftable: the backup has their commits"
          % text(common))


def carry(common, new):
    """Copies the new objects into the repository."""
    wanted = sorted(set(new[oid] for oid in all_ids(common) if oid in new))
    if wanted:
        pack = git(CLEAN, "pack-objects", "--stdout", "-q", "--delta-base-offset", input=b"\n".join(wanted) + b"\n")
        partial = ["--promisor"] if list(packs(common, ".promisor")) else []
        git(common, "index-pack", "--stdin", *partial, input=pack)


def packs(common, end):
    folder = common + "/objects/pack"
    for name in sorted(os.listdir(folder)) if os.path.isdir(folder) else []:
        # Any name: git reads `.tmp-1-pack-X` and `old-X` of a repack that was stopped, too.
        if name.endswith(end):
            yield folder + "/" + name[:-len(end)]


def ids_in_pack(common, pack):
    listed = git(common, "show-index", "--object-format=" + ("sha1" if SIZE == 20 else "sha256"),
                 input=read_file(pack + ".idx"))
    return set(line.split()[1] for line in listed.splitlines())


def index_packs(common):
    """Indexes packs without an index, which an interrupted removal leaves."""
    for pack in packs(common, ".pack"):
        if not os.path.exists(pack + ".idx"):
            git(common, "index-pack", pack + ".pack", may_fail=True)


def purge(common, new, refs):
    """Removes the old objects and no others: a pack with an old object is rewritten without it. `refs` are the expected refs."""
    bad = {pack: ids for pack, ids in ((pack, ids_in_pack(common, pack)) for pack in packs(common, ".idx"))
           if not ids.isdisjoint(new)}
    kept = set().union(*bad.values()).difference(new) if bad else set()
    if kept:
        made = git(common, "pack-objects", "-q", common + "/objects/pack/pack", input=b"\n".join(sorted(kept)) + b"\n")
        made = [common + "/objects/pack/pack-" + os.fsdecode(name) for name in made.split()]
        if kept != set().union(*(ids_in_pack(common, pack) for pack in made)):
            stop("cannot rewrite the objects of %s: nothing was removed" % text(common))
        for pack in made if any(os.path.exists(pack + ".promisor") for pack in bad) else []:
            open(pack + ".promisor", "wb").close()
        bad = {pack: ids for pack, ids in bad.items() if pack not in made}
    for pack in bad:
        if os.path.exists(pack + ".keep"):
            print("note: %s.pack had a .keep file (%s.keep): its objects without a token are in a new pack, which has none"
                  % (text(pack), text(pack)))
    if refs != all_refs(common):
        stop("a ref of %s was changed in the meantime: run this again" % text(common))
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
    """Removes the tokens from a repository on disk, and prints what remains. Refs of a `place` are not changed here, because the
    push updated those that the place accepts."""
    if place and not is_mine(common):
        return
    new, _ = read_map()
    held = [ref for ref, _, _, _ in moves(own_refs(common, common), new)] if place else []
    if held:
        print("%s still has %s, which refer to old objects: its owner must delete them" %
              (text(common), ", ".join(text(ref) for ref in held[:5])))
        return
    index_packs(common)
    known = set(read_file(WORK + "/known").split()).union(new.values())
    if not known.issuperset(all_ids(common)):
        stop("something was added to %s in the meantime: run this again" % text(common))
    worktrees = [Worktree(folder, top) for folder, top in git_folders(common)]
    for worktree in worktrees:
        worktree.find_untouched(new)
    carry(common, new)
    for worktree in worktrees:
        renew_refs(worktree.folder, common, new)
    refs = all_refs(common)
    if any(True for of_folder in refs for _ in moves(of_folder, new)):
        stop("a ref of %s was changed in the meantime: run this again" % text(common))
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
