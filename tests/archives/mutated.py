"""Creates archives, changes bytes in each, and prints the readers that still extract the token.

mutated.py FOLDER SEED COUNT LIBARCHIVE UNZIP, reads the token from stdin and writes the archives to FOLDER. For each
archive from which a reader extracts the token, it prints the names of the archive and of the reader.
"""

import bz2, ctypes, gzip, io, lzma, os, random, struct, subprocess, sys, tarfile, tempfile, warnings, zipfile, zlib

warnings.simplefilter("ignore")
FOLDER, SEED, COUNT, LIBARCHIVE, UNZIP = sys.argv[1:6]
TOKEN = sys.stdin.read().strip().encode()
TEXT = b"a line like any other line\n" * 6 + b"client = Client('" + TOKEN + b"')\n"
GZ = gzip.compress(TEXT, mtime=0)
# A scanner finds gzip anywhere in a file, and such a stream only if it reads the headers of the tar around it.
LZMA = lzma.compress(TEXT, lzma.FORMAT_ALONE)
MOST = 1 << 20


def make_zip(front=b"", comment=b"", stream=False, wide=False):
    class Pipe(io.RawIOBase):
        raw = b""

        def writable(self):
            return True

        def write(self, more):
            self.raw += bytes(more)
            return len(more)

    to = Pipe() if stream else io.BytesIO(front)
    with zipfile.ZipFile(to, "a" if front else "w", zipfile.ZIP_DEFLATED) as z:
        for name, content in ("a.txt", b"nothing"), ("d/b", TEXT), ("c/", b""):
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            with z.open(info, "w", force_zip64=wide) as f:
                f.write(content)
        z.comment = comment
    return to.raw if stream else to.getvalue()


def simple_zip(method):
    to = io.BytesIO()
    with zipfile.ZipFile(to, "w", method) as z:
        z.writestr("a.txt", b"nothing")
        z.writestr("d/b", GZ if method == 0 else TEXT)
        z.writestr("c/", b"")
    return to.getvalue()


def make_tar(form):
    to = io.BytesIO()
    with tarfile.open(fileobj=to, mode="w", format=form) as t:
        for name, data, kind in (
            ("a.txt", b"nothing", tarfile.REGTYPE),
            ("dir", b"", tarfile.DIRTYPE),
            ("l" * (110 if form != tarfile.USTAR_FORMAT else 60), LZMA, tarfile.REGTYPE),
            ("link", b"", tarfile.SYMTYPE),
            ("c.lzma", LZMA, tarfile.REGTYPE),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.size, info.linkname = kind, len(data), "a.txt" if kind == tarfile.SYMTYPE else ""
            info.uname, info.gname = "root", "root"
            if form == tarfile.PAX_FORMAT:
                info.pax_headers = {"comment": "a comment", "mtime": "1.5"}
            t.addfile(info, io.BytesIO(data))
    # Remove the padding of the last record.
    return to.getvalue()[: to.tell()].rstrip(b"\0") + bytes(1536)


def sparse():
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/f.gz", "wb") as f:
            f.truncate(1 << 16)
            f.seek(0)
            f.write(GZ)
        made = []
        for form in ["--format=gnu"], ["--format=posix", "--sparse-version=1.0"], ["--format=posix", "--sparse-version=0.1"]:
            run = ["tar", "--sparse", *form, "-C", folder, "-b1", "-cf", folder + "/t", "f.gz"]
            subprocess.run(run, check=True)
            made.append(open(folder + "/t", "rb").read())
        return made


def debian():
    member = lambda name, data: b"%-16s%-12d%-6d%-6d%-8d%-10d`\n" % (name, 0, 0, 0, 100644, len(data)) + data + b"\n" * (len(data) % 2)
    return b"!<arch>\n" + member(b"debian-binary", b"2.0\n") + member(b"data.gz", GZ)


ZIPS = [simple_zip(m) for m in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)]
ZIPS += [simple_zip(zipfile.ZIP_DEFLATED), simple_zip(zipfile.ZIP_STORED).replace(GZ, TEXT[-len(GZ) :])]
ZIPS += [make_zip(stream=True), make_zip(wide=True), make_zip(front=b"#!/bin/sh\nexit\n"), make_zip(comment=b"a comment")]
TARS = [make_tar(form) for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)] + sparse()
STREAMS = [GZ, gzip.compress(b"nothing\n") + bytes(8) + GZ, bz2.compress(TEXT), lzma.compress(TEXT), LZMA]
MIXED = [front + make_zip() + behind for front in (b"MZ" + bytes(3000), GZ[:-4] + bytes(4), gzip.compress(b"nothing"), lzma.compress(b"nothing"), make_tar(tarfile.USTAR_FORMAT)) for behind in (b"", b"\7" * 3000)]
MIXED += [make_zip(comment=comment) for comment in (b"a" * 0x6161, b"PK\5\6" + bytes(18), simple_zip(0))] + [simple_zip(8) + simple_zip(8)]
PACKERS = [lambda b: b] * 6 + [lambda b: gzip.compress(b, 1), bz2.compress, lambda b: lzma.compress(b, preset=0)]


def position(choose, kind, raw):
    """Prefers offsets in headers, where a change matters."""
    if kind in ("zip", "mixed") and choose.random() < 0.8:
        starts = [at for at in range(len(raw) - 4) if raw[at : at + 2] == b"PK" and raw[at + 2] < 9]
        if starts:
            return min(choose.choice(starts) + choose.randrange(50), len(raw) - 1)
    if kind == "tar" and choose.random() < 0.8:
        blocks = [at for at in range(0, len(raw) - 511, 512) if raw[at + 257 : at + 262] == b"ustar"]
        if blocks:
            fields = [(0, 100), (124, 12), (124, 12), (148, 8), (156, 1), (156, 1), (257, 8), (345, 167)]
            start, length = choose.choice(fields)
            return choose.choice(blocks) + start + choose.randrange(length)
    if kind == "stream" and choose.random() < 0.5:
        return choose.choice([choose.randrange(min(20, len(raw))), len(raw) - 1 - choose.randrange(min(12, len(raw)))])
    return choose.randrange(len(raw))


def change(choose, kind, raw):
    raw = bytearray(raw)
    at = position(choose, kind, raw)
    what = choose.random()
    if what < 0.35:
        raw[at] ^= 1 << choose.randrange(8)
    elif what < 0.7:
        raw[at] = choose.choice([0, 1, 2, 0x20, 0x30, 0x31, 0x35, 0x37, 0x4C, 0x53, 0x67, 0x78, 0x7F, 0x80, 0xFF, choose.randrange(256)])
    elif what < 0.78:
        value = choose.choice([0, 1, 0xFFFF, 0xFFFFFFFF, len(raw), choose.randrange(1 << 16)])
        raw[at : at + 4] = struct.pack("<I", value)
    elif what < 0.84:
        del raw[at : at + choose.choice([1, 2, 4, 16, 512])]
    elif what < 0.90:
        raw[at:at] = choose.choice([b"\0", b"PK", bytes(4), bytes(512), choose.randbytes(16), choose.randbytes(512)])
    elif what < 0.95:
        block = at // 512 * 512
        other = choose.randrange(0, len(raw), 512)
        raw[block : block + 512], raw[other : other + 512] = raw[other : other + 512], raw[block : block + 512]
    elif what < 0.98:
        del raw[at:]
    else:
        raw += choose.choice([bytes(raw), choose.randbytes(600), raw[at:], choose.choice(ZIPS + STREAMS)])
    return raw or bytearray(1)


def with_tar_checksums(choose, raw):
    """Corrects the checksums in the headers of a tar."""
    raw = bytearray(raw)
    for at in range(0, len(raw) - 511, 512):
        if raw[at + 257 : at + 262] == b"ustar" or raw[at + 329 : at + 337] == b"0000000\0":
            raw[at + 148 : at + 156] = b" " * 8
            sum_ = sum(raw[at : at + 512])
            raw[at + 148 : at + 156] = b"%06o\0 " % sum_
    return raw


def make(number):
    choose = random.Random(f"{SEED} {number}")
    kind = choose.choices(["zip", "tar", "stream", "mixed", "deb"], [41, 37, 12, 8, 2])[0]
    raw = choose.choice({"zip": ZIPS, "tar": TARS, "stream": STREAMS, "mixed": MIXED, "deb": [debian()]}[kind])
    for _ in range(choose.choice([1, 1, 1, 2, 2, 3])):
        raw = change(choose, kind, raw)
    if kind == "tar":
        if choose.random() < 0.6:
            raw = with_tar_checksums(choose, raw)
        raw = choose.choice(PACKERS)(bytes(raw))
    return kind, bytes(raw)


def contains_token(data):
    if TOKEN in data:
        return True
    try:
        if data[:3] == LZMA[:3]:
            return TOKEN in lzma.LZMADecompressor().decompress(data, MOST)
        return data[:3] == b"\x1f\x8b\x08" and TOKEN in zlib.decompressobj(31).decompress(data, MOST)
    except (zlib.error, lzma.LZMAError):
        return False


def by_zipfile(raw):
    with zipfile.ZipFile(io.BytesIO(raw)) as z:
        for info in z.infolist():
            try:
                with z.open(info) as f:
                    if contains_token(f.read(MOST)):
                        return True
            except Exception:
                pass
    return False


def by_tarfile(raw):
    with tarfile.open(fileobj=io.BytesIO(raw)) as t:
        for info in t:
            try:
                f = info.isreg() and t.extractfile(info)
                if f and contains_token(f.read(MOST)):
                    return True
            except Exception:
                pass
    return False


def by_stream(raw):
    for module in gzip, bz2, lzma:
        try:
            if contains_token(module.decompress(raw)):
                return True
        except Exception:
            pass
    return False


def by_program(*args):
    with tempfile.TemporaryFile() as out:
        run = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
        # Some damage makes unzip wait or write forever.
        try:
            run.wait(timeout=1)
        except subprocess.TimeoutExpired:
            run.kill()
            run.wait()
        out.seek(0)
        data = out.read(MOST)
    # The programs write several files in sequence. Each file contains the token or a known text.
    starts = [0] + [at + len(end) for end in (b"nothing", GZ, LZMA) if (at := data.find(end)) >= 0]
    return TOKEN in data or any(contains_token(data[start:]) for start in starts)


library = ctypes.CDLL(LIBARCHIVE)
library.archive_read_new.restype = ctypes.c_void_p
for name in "archive_read_free", "archive_read_support_filter_all", "archive_read_support_format_tar", "archive_read_support_format_zip", "archive_read_support_format_ar", "archive_read_support_format_raw":
    getattr(library, name).argtypes = [ctypes.c_void_p]
library.archive_read_open_memory.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
library.archive_read_next_header.argtypes = [ctypes.c_void_p, ctypes.POINTER(ctypes.c_void_p)]
library.archive_read_data.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]
library.archive_read_data.restype = ctypes.c_ssize_t
buffer = ctypes.create_string_buffer(1 << 17)
WARN = -20


def by_libarchive(raw):
    """Reads with the library of bsdtar."""
    archive = library.archive_read_new()
    try:
        library.archive_read_support_filter_all(archive)
        for form in "tar", "zip", "ar", "raw":
            getattr(library, "archive_read_support_format_" + form)(archive)
        if library.archive_read_open_memory(archive, raw, len(raw)) < WARN:
            return False
        entry = ctypes.c_void_p()
        for _ in range(1000):
            if not WARN <= library.archive_read_next_header(archive, ctypes.byref(entry)) <= 0:
                return False
            data = b""
            while len(data) < MOST and (read := library.archive_read_data(archive, buffer, len(buffer))) > 0:
                data += buffer.raw[:read]
            if contains_token(data):
                return True
        return False
    finally:
        library.archive_read_free(archive)


def first_reader(kind, raw, path):
    readers = [("libarchive", lambda: by_libarchive(raw))]
    if kind in ("zip", "mixed"):
        readers += [("zipfile", lambda: by_zipfile(raw)), ("unzip", lambda: by_program(UNZIP, "-p", "-P", "x", path))]
    if kind in ("tar", "mixed"):
        readers += [("tarfile", lambda: by_tarfile(raw)), ("tar", lambda: by_program("tar", "-xOf", path))]
    if kind in ("stream", "mixed", "deb"):
        readers += [("Python", lambda: by_stream(raw))]
    # Starting a program is slow, so programs come last, and the first successful reader is enough.
    for name, reads in readers:
        try:
            if reads():
                return name
        except Exception:
            pass


def batch(numbers):
    for number in numbers:
        kind, raw = make(number)
        path = os.path.join(FOLDER, f"{number:05}-{kind}")
        with open(path, "wb") as f:
            f.write(raw)
        if by := first_reader(kind, raw, path):
            # Write each line with one call, so that the lines of both workers do not mix.
            os.write(1, f"{os.path.basename(path)} {by}\n".encode())


def worker(first, step):
    """Runs batches in child processes, since a damaged archive may crash a reader."""
    while first < int(COUNT):
        child = os.fork()
        if child == 0:
            batch(range(first, int(COUNT), step))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
        first = step + max(number for name in os.listdir(FOLDER) if (number := int(name[:5])) % step == first % step)


WORKERS = 2
workers = []
for first in range(WORKERS):
    child = os.fork()
    if child == 0:
        os._exit(worker(first, WORKERS) or 0)
    workers.append(child)
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in workers))
