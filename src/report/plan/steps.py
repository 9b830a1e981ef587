

# The steps that the script calls, one function each.

def unfinished(common):
    """Prints each unfinished operation, such as a merge or a rebase, that would continue with old commits."""
    marks = ("rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_START")
    for folder, top in git_folders(common):
        for lock in ("index.lock", "HEAD.lock", "packed-refs.lock", "shallow.lock"):
            if os.path.exists(folder + "/" + lock):
                stop("%s/%s exists, so git is running there or was killed: wait for it, or remove the file, and run this again"
                     % (text(folder), lock))
        for mark in marks:
            if os.path.exists(folder + "/" + mark):
                print("%s (%s)" % (text(top or folder), mark))


def leave_one_run():
    """Removes the temporary folder of a killed run, and stops if another run is active."""
    folder, name = os.path.split(WORK)
    mine = read_file(WORK + "/owner").split(b"\n", 1)
    for other in sorted(os.listdir(folder)):
        path = os.path.join(folder, other)
        if not other.startswith("keysweep.") or other == name or not os.path.isfile(path + "/owner") or not is_mine(path):
            continue
        pid, replacements = read_file(path + "/owner").split(b"\n", 1)
        if replacements != mine[1]:
            continue
        if not pid.isdigit() or not is_running(int(pid)):
            shutil.rmtree(path)
        else:
            stop("this script is already running as process %d: wait for it, or remove %s if that process is another program"
                 % (int(pid), text(path)))


def is_running(pid):
    """Whether the process runs. A killed process stays as a zombie until its parent waits for it, which may be never."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    try:
        return read_file("/proc/%d/stat" % pid).rpartition(b")")[2].split()[:1] != [b"Z"]
    except OSError:
        # Only Linux has this file.
        return not os.path.isdir("/proc/self")


def start(common):
    """Writes the refs of the repository to `here.refs`, and the masked name of each place."""
    leave_one_run()
    if not is_mine(common):
        stop("%s belongs to another user, who could not read the files that this would write: run this as its owner" % text(common))
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


def lenders(common):
    """The object directories that the repository names as its alternates."""
    path = common + "/objects/info/alternates"
    for line in read_file(path).splitlines() if os.path.isfile(path) else []:
        yield os.path.realpath(os.path.join(common, "objects", os.fsdecode(line)))


def repositories_near(folder, levels=3, most=20000):
    """Git directories in `folder` and a few levels below."""
    queue = collections.deque([(folder, levels)])
    while queue and most:
        here, deeper = queue.popleft()
        most -= 1
        for common in (here, here + "/.git"):
            if os.path.isdir(common + "/objects"):
                yield common
        try:
            below = [one.path for one in os.scandir(here) if one.is_dir(follow_symlinks=False)] if deeper else []
        except OSError:
            continue
        if not os.path.isdir(here + "/objects"):
            queue.extend((path, deeper - 1) for path in sorted(below) if path != WORK and not path.endswith("/.git"))


def borrowers(common):
    """Repositories nearby that borrow its objects, directly or through another borrower. Git keeps no list of them."""
    folders = set(os.path.dirname(top or folder) for folder, top in git_folders(common))
    folders |= set(os.path.dirname(folder) for folder in folders if common.startswith(folder + "/"))
    near = {one: set(lenders(one)) for folder in sorted(folders) for one in repositories_near(folder)}
    lent, found = {os.path.realpath(common + "/objects")}, []
    while True:
        more = [one for one, stores in sorted(near.items()) if one not in found and stores & lent]
        if not more:
            return found
        found += more
        lent |= set(os.path.realpath(one + "/objects") for one in more)


def stop_for_borrowers(places):
    """Stops if a nearby repository needs objects that would be removed."""
    new, _ = read_map()
    own = [os.environ["KEYSWEEP_COMMON"]]
    for place in places_of(places)[1:]:
        folder = os.fsdecode(read_file("%s/%s.folder" % (WORK, place)).rstrip(b"\n"))
        if folder and is_mine(folder) and read_file("%s/%s.use" % (WORK, place)).strip() == b"push":
            own.append(folder)
    for common in own if new else []:
        for borrower in borrowers(os.path.realpath(common)):
            needed = set(git(borrower, "rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--all", "--reflog",
                             "--indexed-objects").split()).intersection(new)
            for pack in packs(borrower, ".idx") if needed else []:
                needed -= ids_in_pack(borrower, pack)
            needed = [oid for oid in needed if not os.path.exists(os.path.join(
                borrower, "objects", oid[:2].decode(), oid[2:].decode()))]
            if needed:
                stop("%s borrows %s that this would remove from %s: clean it first with its own plan, or run git repack -a -d in it and "
                     "delete its objects/info/alternates. Then run this again"
                     % (text(borrower), counted(len(needed), "object"), text(common)))


def after(places):
    """Creates refs for the result, so that it can be copied and scanned."""
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
    """Copies the URL and credential settings of the repository."""
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


def keep(backups):
    """Creates refs for everything in this repository and in the places, so that one bundle is a backup. Prints the folder for it."""
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
    sys.stdout.buffer.write(os.fsencode(backup_folder(backups)) + b"\n")


def backup_folder(backups):
    """The first numbered folder in `backups` that has a backup of these refs or does not exist yet, in which case it is made."""
    try:
        os.mkdir(backups, 0o700)
    except FileExistsError:
        found = os.lstat(backups)
        if not stat.S_ISDIR(found.st_mode) or found.st_mode & 0o077 or hasattr(os, "geteuid") and found.st_uid != os.geteuid():
            stop("%s is not a folder that only you can read: move it away, and run this again" % text(backups))
    refs = sorted(git(CLEAN, "for-each-ref", "--format=%(objectname) %(refname)").splitlines())
    for number in range(1, sys.maxsize):
        folder = "%s/%d" % (backups, number)
        if not os.path.lexists(folder):
            os.mkdir(folder, 0o700)
            return folder
        bundle = folder + "/before.bundle"
        if refs and os.path.isfile(bundle) and refs == sorted(git(CLEAN, "bundle", "list-heads", bundle, may_fail=True).splitlines()):
            return folder


def scan(folder):
    """Prints each object, ref and file of a git directory and of its submodules that contains the bytes of a token."""
    global SIZE
    scan_objects(folder)
    scan_files(folder)
    for submodule in submodules(folder):
        if git(submodule, "rev-parse", "--git-dir", may_fail=True):
            SIZE = id_size(submodule)
            scan_objects(submodule)
            scan_files(submodule)
        else:
            print("%s has objects that git cannot read: repair the submodule, or delete the folder" % text(submodule))


def submodules(common):
    """The git directories of the submodules that are cloned here, nested ones too. A removed submodule leaves its git directory."""
    for start in [common + "/modules"] + [folder + "/modules" for folder, _ in git_folders(common) if folder != common]:
        for folder, folders, _ in os.walk(start):
            if "objects" in folders:
                folders.remove("objects")
                yield folder
    # Git before 1.7.8 cloned a submodule into the worktree, and git submodule add takes such a clone as it is.
    for folder, top in git_folders(common):
        entries = git(folder, "ls-files", "-s", "-z", may_fail=True).split(b"\0") if top else []
        for path in (entry.split(b"\t", 1)[1] for entry in entries if entry.startswith(b"160000 ")):
            inner = os.path.join(top, os.fsdecode(path), ".git")
            if os.path.isdir(inner + "/objects"):
                yield inner


def scan_objects(folder):
    tainted = []
    for oid, kind, data in every_object(folder):
        if any(change(name) != name for _, name, _ in entries(data)) if kind == b"tree" else (
                oid in ARCHIVES or change(data) != data):
            tainted.append(oid)
    if tainted and os.path.exists(folder + "/objects/info/alternates"):
        print("%s borrows %s with a token from another repository, whose owner must clean it (%s)"
              % (text(folder), counted(len(tainted), "object"), text(folder + "/objects/info/alternates")))
    elif tainted:
        print("%s still has %s with a token: run keysweep history --replacements there, and follow its plan"
              % (text(folder), counted(len(tainted), "object")))
    refs = [ref for ref in git(folder, "for-each-ref", "--format=%(refname)").splitlines() if change(ref) != ref]
    if refs:
        print("%s has refs whose names contain a token: %s" % (text(folder), ", ".join(text(ref) for ref in refs[:5])))


def scan_files(folder):
    for path in files_below(folder, {"objects", "modules"}):
        if change(read_file(path)) != read_file(path):
            print("%s %s" % (text(path), "is a Git LFS object that contains a token: delete it here, and ask the owner of the LFS "
                             "server to delete it there" if os.path.relpath(path, folder).startswith("lfs/") else
                             "contains a token: remove the token by hand, or delete the file"))
    for path in leftovers(folder + "/objects"):
        print("%s was left by an interrupted git operation and cannot be read: delete it when no git is running there" % text(path))
    for path, folders, _ in os.walk(folder):
        for name in folders:
            if change(os.fsencode(name)) != os.fsencode(name):
                print("%s has a token in its name: rename the folder" % text(os.path.join(path, name)))


def leftovers(store):
    """Yields the paths in an object directory that git does not read: unfinished packs and objects, and the quarantine of a push."""
    for name in sorted(os.listdir(store)):
        folder = os.path.join(store, name)
        if not os.path.isdir(folder):
            continue
        if name not in ("info", "pack") and not re.match("[0-9a-f]{2}$", name):
            yield folder
            continue
        for path in files_below(folder, set()):
            base = os.path.basename(path)
            if base.startswith("tmp_") or name == "pack" and base.endswith(".pack") and not os.path.exists(path[:-5] + ".idx"):
                yield path


def mask():
    """Copies standard input to standard output with tokens masked."""
    for line in sys.stdin.buffer:
        print(text(line.rstrip(b"\n")))


def id_size(folder):
    return 32 if git(folder, "rev-parse", "--show-object-format").strip() == b"sha256" else 20


SIZE = id_size(CLEAN)
STEPS = {"settings": settings, "start": start, "rewrite": rewrite, "keep": keep, "push": push, "settle": settle,
         "scan": scan, "mask": mask}
STEPS[STEP](*sys.argv[3:])
