

# Refs: which ones change, and the summary of the changes.

def refs_of(name):
    """Reads `NAME.refs`: object ids by ref name."""
    lines = read_file("%s/%s.refs" % (WORK, name)).splitlines()
    return collections.OrderedDict(reversed(line.split(None, 1)) for line in lines)


def new_name(ref, new):
    """The ref name without tokens. A replace ref is named after the object that it replaces."""
    if ref.startswith(b"refs/replace/"):
        return b"refs/replace/" + new.get(ref[13:], ref[13:])
    return change(ref)


def moves(refs, new):
    """Yields old name, old id, new name and new id of each ref that must change."""
    for ref, oid in refs.items():
        move = (ref, oid, new_name(ref, new), new.get(oid, oid))
        if move[:2] != move[2:]:
            # An interrupted run may have created the new name.
            if move[0] != move[2] and refs.get(move[2], move[3]) != move[3]:
                stop("the name of the ref %s contains a token, and the name without it is taken: rename one of them"
                     % text(ref))
            yield move


def is_of_a_forge(ref):
    """Whether usually only the server can update the ref."""
    return not ref.startswith((b"refs/heads/", b"refs/tags/", b"refs/notes/"))


def push(place):
    """Writes the refspecs of the push as settings, because an argument would show a ref name that contains a token."""
    new, _ = read_map()
    now = dict(reversed(line.split()) for line in read_file(WORK + "/now").splitlines())
    groups = {"ordinary": [], "forge": []}
    for ref, oid, to, target in moves(refs_of(place), new):
        if now.get(to) == target and (to == ref or ref not in now):
            # Another URL of the same place has updated it.
            continue
        if now.get(ref) != oid:
            stop("somebody pushed to %s in the meantime: run this again" % shown_name(place))
        lines = groups["forge" if is_of_a_forge(ref) else "ordinary"]
        if now.get(to) != target:
            lines.append("\tpush = %s\n" % quoted(target + b":" + to))
        if to != ref:
            lines.append("\tpush = %s\n" % quoted(b":" + ref))
    for group, lines in groups.items():
        if lines:
            with open(CLEAN + "/config", "ab") as config:
                section = "[remote \"%s-%s\"]\n%s" % (place, group, "".join(lines))
                config.write(section.encode("utf-8", "surrogateescape"))
            print(group)


def shown_name(place):
    return read_file("%s/%s.shown" % (WORK, place)).decode().strip()


def places_of(number):
    return ["here"] + ["place%d" % at for at in range(1, int(number) + 1)]


def quoted(value):
    value = value.decode("utf-8", "surrogateescape")
    for plain, escaped in (("\\", "\\\\"), ("\"", "\\\""), ("\n", "\\n")):
        value = value.replace(plain, escaped)
    return "\"%s\"" % value


def report(number):
    new, lines = read_map()
    for place in places_of(number):
        summary(place, new, lines)


def counted(number, noun):
    return "%d %s%s" % (number, noun, "" if number == 1 else "s")


def summary(place, new, lines):
    """Prints what would change at one place."""
    refs = refs_of(place)
    moved = list(moves(refs, new))
    print("%s: %s" % (shown_name(place), "refs that change: %d of %d" % (len(moved), len(refs)) if moved
                      else "no ref reaches a token"))
    for ref, oid, to, target in moved[:20]:
        print("    %s%s  %s -> %s" % (text(ref), "" if ref == to else " (renamed)", oid.decode()[:12], target.decode()[:12]))
    if len(moved) > 20:
        print("    … and %d more" % (len(moved) - 20))
    if not moved:
        return
    tips = b"".join(oid + b"\n" for oid in sorted(set(oid for _, oid, _, _ in moved)))
    reached = set(git(CLEAN, "rev-list", "--objects", "--no-object-names", "--missing=allow-any", "--stdin",
                      input=tips).split())
    hit = [line for line in lines if line[0] in reached or line[0] in refs.values()]
    count = lambda kind: sum(line[2] == kind for line in hit)
    signed = sum(line[3] == b"signed" for line in hit)
    total = git(CLEAN, "rev-list", "--count", "--stdin", input=tips).split()
    print("    new ids: %d of %s, %s; lost signatures: %d" %
          (count(b"commit"), counted(int(total[0]), "commit"), counted(count(b"tag"), "tag"), signed))
    if count(b"commit"):
        print("    submodule links to these commits break in superprojects; ids in messages are not changed")
        if any(ref.startswith(b"refs/notes/") for ref in refs):
            print("    git no longer shows the notes on these commits, because notes refer to the old ids")
