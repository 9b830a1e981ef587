"""Rewrites objects that contain a token, and their descendants. The surrounding script calls it: STEP WORK [ARGUMENT...].

Objects are copied byte by byte: an object whose bytes and references stay the same keeps its id, and with it its signature.
No token is an argument or printed. An error prints one sentence and exits with code 2.
"""

import collections
import hashlib
import io
import os
import re
import shutil
import stat
import subprocess
import sys
import zlib

STEP, WORK = sys.argv[1:3]
CLEAN = WORK + "/clean.git"
REFERENCE = (b"tree", b"parent", b"object")
SIGNATURE = (b"gpgsig", b"gpgsig-sha256")
ARMOR = re.compile(br"^-----BEGIN (PGP|SSH|SIGNED) (SIGNATURE|MESSAGE)-----$", re.M)


def stop(why):
    sys.stdout.flush()
    sys.stderr.write("keysweep: %s\n" % why)
    sys.stderr.flush()
    os._exit(2)


def git(folder, *args, **more):
    """Standard output of git in the git directory `folder`."""
    command = ["git", "--git-dir=" + folder] + list(args)
    run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, input=more.get("input", b""),
                         env=dict(os.environ, **more.get("env", {})), cwd=more.get("cwd"))
    if run.returncode and not more.get("may_fail"):
        stop("cannot run git %s in %s: %s" % (args[0], text(folder), text(run.stderr).strip()))
    return run.stdout


def text(name):
    """`name` for printing: tokens masked, on one line."""
    data = change(name if isinstance(name, bytes) else os.fsencode(name))
    return "".join(c if c.isprintable() else "?" for c in data.decode("utf-8", "replace"))


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


def write_file(path, data):
    """Replaces the file and keeps its mode."""
    draft = path + (".keysweep" if isinstance(path, str) else b".keysweep")
    with open(draft, "wb") as file:
        if os.path.exists(path):
            os.chmod(draft, os.stat(path).st_mode & 0o7777)
        file.write(data)
    os.replace(draft, path)


def replacements():
    """The lines of the file, in the order in which git filter-repo applies them: literals first."""
    literals, expressions = [], []
    for line in read_file(os.environ["KEYSWEEP_REPLACEMENTS"]).split(b"\n"):
        form, arrow, new = line.rpartition(b"==>")
        if form == b"literal:":
            # A token itself, for `keysweep find --tokens-from`.
            continue
        if form.startswith(b"literal:") and arrow:
            literals.append((form[8:], new))
        elif form.startswith(b"regex:") and arrow:
            expressions.append((re.compile(form[6:]), new))
        elif line:
            stop("the replacements file has a line that is not a replacement: write the file again with keysweep history --replacements")
    if not literals and not expressions and not ARCHIVES:
        stop("the replacements file is empty: write it again with keysweep history --replacements")
    return literals, expressions


ARCHIVES = set(os.environ.get("KEYSWEEP_ARCHIVES", "").encode().split())
LITERALS, EXPRESSIONS = replacements()
# In the C locale, Python 3.6 would write only ASCII.
sys.stdout, sys.stderr = (io.TextIOWrapper(one.buffer, "utf-8", "surrogateescape", line_buffering=True)
                          for one in (sys.stdout, sys.stderr))


def failed(kind, why, _):
    if kind is KeyboardInterrupt:
        # The script prints the sentence.
        os._exit(130)
    # An error message may quote a name that contains a token.
    stop("cannot continue: %s: %s" % (kind.__name__, text(str(why))))


sys.excepthook = failed


def change(data):
    for old, new in LITERALS:
        if old in data:
            data = data.replace(old, new)
    for old, new in EXPRESSIONS:
        data = old.sub(lambda _, new=new: new, data)
    return data


def new_names(names):
    """The `names` of one folder and their names without tokens. Colliding names get a suffix."""
    used = set(name for name in names if change(name) == name)
    new = []
    for name in names:
        to = change(name)
        while to != name and to in used:
            to += b"-2"
        used.add(to)
        new.append(to)
    return names, new


class Objects:
    """The objects of a git directory, one at a time."""

    def __init__(self, folder):
        command = ["git", "--git-dir=" + folder, "cat-file", "--batch"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def read(self, oid):
        """None for an object that is missing."""
        self.process.stdin.write(oid + b"\n")
        self.process.stdin.flush()
        head = self.process.stdout.readline().split()
        if len(head) != 3:
            return None
        return self.process.stdout.read(int(head[2]) + 1)[:-1]


def every_object(folder):
    """Id, kind and bytes of every object, reachable or not."""
    command = ["git", "--git-dir=" + folder, "cat-file", "--batch-all-objects", "--unordered", "--batch", "--buffer"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    while True:
        head = process.stdout.readline().split()
        if not head:
            break
        if len(head) != 3:
            stop("cannot read object %s in %s: repair the repository" % (text(head[0]), text(folder)))
        yield head[0], head[1], process.stdout.read(int(head[2]) + 1)[:-1]
    if process.wait():
        stop("cannot read every object of %s: repair the repository" % text(folder))


def all_ids(folder):
    out = git(folder, "cat-file", "--batch-all-objects", "--unordered", "--batch-check=%(objectname)")
    return out.split()


def entries(data):
    """Mode, name and id of each entry of a tree."""
    at, size = 0, SIZE
    while at < len(data):
        space, end = data.index(b" ", at), data.index(b"\0", at)
        yield data[at:space], data[space + 1:end], data[end + 1:end + 1 + size].hex().encode()
        at = end + 1 + size


def split_headers(data):
    """The header lines of a commit or tag, continuation lines with their line, and the rest."""
    head, gap, rest = data.partition(b"\n\n")
    lines = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and lines:
            lines[-1] += b"\n" + line
        else:
            lines.append(line)
    return lines, gap + rest


def references(data):
    return [line.split(b" ", 1)[1] for line in split_headers(data)[0] if line.split(b" ")[0] in REFERENCE]


class Rewrite:
    """New objects for old ones, referenced objects first."""

    def __init__(self):
        self.objects = Objects(CLEAN)
        self.new = {}
        self.seen = set()
        self.log = open(WORK + "/map", "wb")

    def put(self, old, kind, data, signed=False):
        whole = b"%s %d\0%s" % (kind, len(data), data)
        new = (hashlib.sha1 if SIZE == 20 else hashlib.sha256)(whole).hexdigest()
        path = "%s/objects/%s/%s" % (CLEAN, new[:2], new[2:])
        if not os.path.exists(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            # Git may be reading all objects, and would read a file that is not complete.
            write_file(path, zlib.compress(whole, 1))
        self.new[old] = new.encode()
        self.log.write(b" ".join([old, self.new[old], kind, b"signed" if signed else b"-"]) + b"\n")

    def blob(self, oid, data):
        new = b"REMOVED-archive-" + oid + b"\n" if oid in ARCHIVES else change(data)
        if new != data:
            self.put(oid, b"blob", new)

    def all_of(self, ids, needs, make):
        """Visits dependencies first, without recursion: a history can be deeper than the stack."""
        for first in ids:
            stack, held = [first], {}
            while stack:
                oid = stack[-1]
                if oid in self.seen:
                    stack.pop()
                    continue
                if oid not in held:
                    held[oid] = self.objects.read(oid)
                data = held[oid]
                open_ones = [] if data is None else [one for one in needs(data) if one not in self.seen]
                if open_ones and oid not in open_ones:
                    stack.extend(open_ones)
                    continue
                self.seen.add(oid)
                stack.pop()
                del held[oid]
                if data is not None:
                    make(oid, data)

    def tree(self, oid, data):
        kept = list(entries(data))
        names = new_names([name for _, name, _ in kept])[1]
        new = [(mode, to, self.new.get(child, child)) for (mode, _, child), to in zip(kept, names)]
        if new == kept:
            return
        new.sort(key=lambda one: one[1] + (b"/" if one[0] == b"40000" else b""))
        self.put(oid, b"tree", b"".join(b"%s %s\0%s" % (m, n, bytes.fromhex(c.decode())) for m, n, c in new))

    def headed(self, kind):
        def make(oid, data):
            lines, rest = split_headers(data)
            new = []
            for line in lines:
                name, _, value = line.partition(b" ")
                new.append(name + b" " + self.new[value] if name in REFERENCE and value in self.new else line)
            whole = change(b"\n".join(new) + rest)
            if whole == data:
                return
            # The signature covers the old bytes, so remove it.
            lines, rest = split_headers(whole)
            kept = [line for line in lines if line.partition(b" ")[0] not in SIGNATURE]
            armor = list(ARMOR.finditer(rest)) if kind == b"tag" else []
            rest = rest[:armor[-1].start()] if armor else rest
            self.put(oid, kind, b"\n".join(kept) + rest, signed=len(kept) < len(lines) or bool(armor))
        return make


def rewrite(places):
    work, others = Rewrite(), collections.defaultdict(list)
    known = open(WORK + "/known", "wb")
    for oid, kind, data in every_object(CLEAN):
        known.write(oid + b"\n")
        if kind == b"blob":
            work.blob(oid, data)
        else:
            others[kind].append(oid)
    subtrees = lambda data: [child for mode, _, child in entries(data) if mode == b"40000"]
    work.all_of(others[b"tree"], subtrees, work.tree)
    parents = lambda data: [one for one in references(data)[1:]]
    work.all_of(others[b"commit"], parents, work.headed(b"commit"))
    tags = set(others[b"tag"])
    work.all_of(others[b"tag"], lambda data: [one for one in references(data) if one in tags], work.headed(b"tag"))
    work.log.close()
    known.close()
    report(places)
    stop_for_borrowers(places)
    after(places)


def read_map():
    lines = [line.split() for line in read_file(WORK + "/map").splitlines()]
    return {line[0]: line[1] for line in lines}, lines
