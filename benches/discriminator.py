#!/usr/bin/env python3
"""Compares measures that distinguish the random body of a token from names that people write.

    python3 benches/discriminator.py CACHE           # prints the comparison and draws docs/discriminator.svg
    python3 benches/discriminator.py CACHE --table   # writes the learned table to src/detect/pairs.rs

CACHE is the folder that benches/foreign.py fills. Written runs are unbroken runs of 16 or more letters and digits in
identifiers of source code, and after sk_, rk_ and whsec_, even if these end a word. The hash of its name puts each
project into one of two halves. The tables are learned from one half. The other half is the test set, without runs that
occur in both. Names in parts, which contain an underscore, are measured separately. Random runs are drawn with fixed
seeds. The script needs only the standard library and takes some minutes, mostly to read the projects. The runs are
cached in CACHE/.runs.json.
"""

import hashlib
import json
import math
import os
import pathlib
import random
import re
import sys

import foreign

ROOT = foreign.ROOT

CODE = set(".c .cc .cpp .cs .cxx .go .h .hpp .java .js .jsx .kt .lua .m .mjs .php .pl .py .rb .rs .sh .swift .ts .tsx".split())
LARGEST_FILE = 2_000_000
LONGEST_LINE = 400
MOST_OF_A_PROJECT = 40_000_000
# The limit for one project, so that a few large projects do not dominate the table.
MOST_RUNS = 1_500

# An identifier in code, followed by punctuation that follows a name. This leaves out quoted text and base64.
IDENTIFIER = re.compile(rb"(?<![\w\"'`+/=%\\-])[A-Za-z_]\w{15,}(?=[(.;,)\[:{]| =|->)")
BEHIND = re.compile(rb"(?:sk|rk|whsec)_([A-Za-z0-9_]{16,})")
RUN = re.compile(r"[A-Za-z0-9]{16,64}")
HEX = re.compile(r"[0-9a-fA-F]*\Z")

LOWER = "abcdefghijklmnopqrstuvwxyz"
UPPER = LOWER.upper()
DIGITS = "0123456789"
SHAPES = {
    "alnum 20": (LOWER + UPPER + DIGITS, 20),
    "alnum 24": (LOWER + UPPER + DIGITS, 24),
    "alnum 32": (LOWER + UPPER + DIGITS, 32),
    "base36 24": (LOWER + DIGITS, 24),
    "hex 32": (DIGITS + "abcdef", 32),
}
DRAWN = 50_000
ALLOWED = (0.01, 0.003, 0.001, 0.0003)


def main():
    if len(sys.argv) not in (2, 3) or sys.argv[2:] not in ([], ["--table"]):
        sys.exit(__doc__)
    train, test, names = written(pathlib.Path(sys.argv[1]).resolve())
    learned, bigrams = Learned(train), Bigrams(train)
    if sys.argv[2:]:
        return (ROOT / "src/detect/pairs.rs").write_text(learned.as_rust())
    measures = {
        "share of class changes": changes,
        "class steps": lambda run: steps(run) * 1e-3,
        "common letter pairs": common,
        "class steps, common pairs, digit": lambda run: steps(run) * 1e-3 + common(run) - no_digit(run),
        "in use: class steps, learned letter pairs, digit": lambda run: mixture(run) - no_digit(run),
        "learned: letter pairs": learned.letters,
        "learned: class steps, letter pairs, digit": lambda run: learned.mixture(run) - no_digit(run),
        "learned: all pairs of 62, digit": lambda run: bigrams.score(run) - no_digit(run),
    }
    drawn = {name: draw(*shape, name) for name, shape in SHAPES.items()}
    print(f"{len(train)} training runs, {len(test)} test runs; {DRAWN} random runs for each shape\n")
    curves = {name: curve(measure, test, drawn) for name, measure in measures.items()}
    print_table(curves)
    print_present(measures, test, drawn)
    print_parts(names)
    draw_svg(curves, ROOT / "docs/discriminator.svg")


# The training and test data.


def written(cache):
    """Returns the training runs, the test runs, and the names in parts of the test half."""
    kept = cache / ".runs.json"
    if not kept.exists():
        runs, names = [set(), set()], [set(), set()]
        for project in foreign.projects(cache):
            # Put all projects of one name into the same half: versions of a crate, and copies of an npm module.
            name = re.split(r"-\d|@\d", project.name)[0].lower()
            half = hashlib.sha256(name.encode()).digest()[0] & 1
            for kept_in, found in zip((runs, names), found_in(project)):
                kept_in[half].update(sorted(found, key=lambda text: hashlib.sha256(text.encode()).digest())[:MOST_RUNS])
        kept.write_text(json.dumps([sorted(runs[0]), sorted(runs[1] - runs[0]), sorted(names[1])]))
    return json.loads(kept.read_text())


def found_in(project):
    """Returns the runs and the names in parts of a project."""
    runs, names = set(), set()
    left = MOST_OF_A_PROJECT
    for folder, folders, files in os.walk(project):
        folders.sort()
        for name in sorted(files):
            path = os.path.join(folder, name)
            if os.path.splitext(name)[1] not in CODE or os.path.islink(path) or left < 0:
                continue
            if os.path.getsize(path) <= LARGEST_FILE:
                with open(path, "rb") as file:
                    text = file.read()
                left -= len(text)
                # Long lines are data that looks like code: bundles, WebAssembly as text, tables.
                collect(b"\n".join(line for line in text.split(b"\n") if len(line) <= LONGEST_LINE), runs, names)
    return runs, names


def collect(text, runs, names):
    for found in set(IDENTIFIER.findall(text)) | set(BEHIND.findall(text)):
        found = found.decode()
        # Leave out digests, which are random, and runs of fewer than seven letters, which keysweep rejects earlier.
        runs.update(run for run in RUN.findall(found) if not HEX.match(run) and not run.isdigit() and len(set(run)) >= 7)
        if "_" in found.strip("_") and not RUN.search(found):
            names.add(found)


def draw(alphabet, length, seed):
    dice = random.Random(seed)
    return ["".join(dice.choices(alphabet, k=length)) for _ in range(DRAWN)]


# The measures. A higher value means a more random run.


def kind(letter):
    return 2 if letter in DIGITS else int(letter in UPPER)


def changes(run):
    return sum(kind(a) != kind(b) for a, b in zip(run, run[1:])) / (len(run) - 1)


def rust_table(name, file="randomness"):
    """Returns the numbers of a constant in the detector, so that the script measures the code that runs."""
    text = (ROOT / f"src/detect/{file}.rs").read_text()
    return [int(n) for n in re.findall(r"-?\d+", re.search(rf"const {name}: [^=]*=(.*?);\n", text, re.S)[1])]


STEPS = rust_table("STEPS")
PAIRS = rust_table("PAIRS", "pairs")
BARS = {bar: [n * 1e-3 for n in rust_table(bar)] for bar in ("STRICT", "LENIENT")}
IN_PLAIN_PARTS = rust_table("IN_PLAIN_PARTS")[0] * 1e-3
SHORTEST_IN_PARTS = rust_table("SHORTEST_IN_PARTS")[0]

# The 84 most common letter pairs of English text, about 55 % of all pairs. This measure learns nothing.
COMMON = set(
    """th he in er an re nd on en at ou ed ha to or it is hi es ng st ar te al nt se le of ti ra ri ro li co de ne io
    ic ve me ta el ce us em ll ma et ec un ur si la fo om ur ch ut pr no pe tr ct ca ac ge tu id ad am as po il lo ke
    ey ss su ns rs ts fi im ol up""".split()
)
COMMON_PAIR = math.log(84 / 676 / 0.55)
RARE_PAIR = math.log((1 - 84 / 676) / 0.45)


def alphabet(run):
    """Returns the smallest alphabet that contains the run: hex, base62 or base36."""
    if re.fullmatch("[0-9a-f]*", run):
        return 0
    return 1 if any(c in LOWER for c in run) and any(c in UPPER for c in run) else 2


def steps(run, of=None):
    base = 9 * alphabet(of or run)
    return sum(STEPS[base + 3 * kind(a) + kind(b)] for a, b in zip(run, run[1:]))


def letter_pairs(run):
    low = run.lower()
    return [a + b for a, b in zip(low, low[1:]) if a not in DIGITS and b not in DIGITS]


def common(run):
    return sum(COMMON_PAIR if pair in COMMON else RARE_PAIR for pair in letter_pairs(run))


def pairs(run):
    return sum(PAIRS[26 * LOWER.index(a) + LOWER.index(b)] for a, b in letter_pairs(run)) * 10


def has_digit(run):
    return any(c in DIGITS for c in run)


def no_digit(run):
    """The additional score that a run without a digit needs."""
    return 0 if has_digit(run) else 4


def mixture(run):
    return (steps(run) + pairs(run)) * 1e-3


def in_parts(body, bar):
    letters = re.sub("[_-]", "", body)
    parts = re.split("[_-]", body)
    score = sum(steps(part, letters) + pairs(part) for part in parts) * 1e-3
    bar = bar if any({kind(c) for c in part} == {0, 1, 2} for part in parts) else IN_PLAIN_PARTS
    return alphabet(letters) == 1 and len(letters) >= SHORTEST_IN_PARTS and len(set(letters)) >= 7 and score > bar


class Learned:
    """Class steps and case-folded letter pairs, as log ratios of random and written runs."""

    def __init__(self, runs):
        step = [[1.0] * 3 for _ in range(3)]
        pair = {a + b: 0.5 for a in LOWER for b in LOWER}
        for run in runs:
            for a, b in zip(run, run[1:]):
                step[kind(a)][kind(b)] += 1
            for both in letter_pairs(run):
                pair[both] += 1
        total = sum(pair.values())
        self.pair = {both: min(RAREST, math.log(total / (676 * n))) for both, n in pair.items()}
        written = [[n / sum(row) for n in row] for row in step]
        drawn = ((6 / 16, 6 / 16, 10 / 16), (26 / 62, 26 / 62, 10 / 62), (26 / 36, 26 / 36, 10 / 36))
        self.step = [[[math.log(d / w) for d, w in zip(row, line)] for line in written] for row in drawn]

    def letters(self, run):
        return sum(self.pair[both] for both in letter_pairs(run))

    def classes(self, run):
        table = self.step[alphabet(run)]
        return sum(table[kind(a)][kind(b)] for a, b in zip(run, run[1:]))

    def mixture(self, run):
        return self.classes(run) + self.letters(run)

    def as_rust(self):
        rows = ["    [" + ", ".join(str(round(100 * self.pair[a + b])) for b in LOWER) + "]," for a in LOWER]
        return HEAD + "\n".join(rows) + "\n];\n"


# The limit in nats for a pair that the training data lacks.
RAREST = 3.0

HEAD = """//! How much rarer each pair of letters is in identifiers than in random text.
//!
//! Written by `python3 benches/discriminator.py CACHE --table`, never by hand; docs/detection.md says from what.

/// ln(P(pair | random) / P(pair | identifier)), in hundredths, at most 300, by first and second letter, case ignored.
#[rustfmt::skip]
pub(super) const PAIRS: [[i16; 26]; 26] = [
"""


class Bigrams:
    """All pairs of 62 letters and digits: 3,844 numbers."""

    def __init__(self, runs):
        letters = LOWER + UPPER + DIGITS
        count = {a: dict.fromkeys(letters, 0.5) for a in letters}
        for run in runs:
            for a, b in zip(run, run[1:]):
                count[a][b] += 1
        self.cost = {a: {b: math.log(n / sum(row.values())) for b, n in row.items()} for a, row in count.items()}

    def score(self, run):
        size = (16, 62, 36)[alphabet(run)]
        return sum(-math.log(size) - self.cost[a][b] for a, b in zip(run, run[1:]))


# The comparison.


def curve(measure, test, drawn):
    written = sorted((measure(run) for run in test), reverse=True)
    scores = {shape: sorted(map(measure, runs)) for shape, runs in drawn.items()}
    points = []
    for step in range(0, 101):
        allowed = 10 ** (-4 + step / 100 * 3)
        bar = written[min(len(written) - 1, int(allowed * len(written)))]
        points.append((allowed, {shape: above(values, bar) for shape, values in scores.items()}))
    return points


def above(values, bar):
    """Returns the share of the sorted `values` that is above `bar`."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if values[middle] > bar else (middle + 1, high)
    return 1 - low / len(values)


def at(points, allowed):
    return min(points, key=lambda point: abs(math.log(point[0] / allowed)))[1]


def print_table(curves):
    print("Percentage of random runs missed, if this share of the written runs is accepted:\n")
    print("| measure | written runs taken |", " | ".join(SHAPES), "|")
    print("|---|--:|" + "--:|" * len(SHAPES))
    for name, points in curves.items():
        for allowed in ALLOWED:
            recall = at(points, allowed)
            cells = " | ".join(f"{100 - 100 * recall[shape]:.2f}" for shape in SHAPES)
            print(f"| {name} | {100 * allowed:g} % | {cells} |")
    print()


def print_present(measures, test, drawn):
    """Prints the bars of src/detect/randomness.rs, and what the other measures miss if they accept as many written runs."""
    print("The bars of src/detect/randomness.rs, and the other measures with as many accepted written runs:\n")
    print("| bar | measure | written runs taken |", " | ".join(SHAPES), "|")
    print("|---|---|--:|" + "--:|" * len(SHAPES))
    for bar in ("STRICT", "LENIENT"):
        with_digits, without = BARS[bar][:2]
        taken = lambda run: mixture(run) > (with_digits if has_digit(run) else without)
        allowed = sum(map(taken, test)) / len(test)
        missed = {shape: 1 - sum(map(taken, runs)) / len(runs) for shape, runs in drawn.items()}
        print_row(f"{bar} | current", allowed, missed)
        for name, measure in measures.items():
            limit = sorted(map(measure, test), reverse=True)[int(allowed * len(test))]
            missed = {shape: sum(measure(run) <= limit for run in runs) / len(runs) for shape, runs in drawn.items()}
            print_row(f"{bar} | {name}", allowed, missed)
    print()


def print_row(name, allowed, missed):
    cells = " | ".join(f"{100 * missed[shape]:.2f}" for shape in missed)
    print(f"| {name} | {100 * allowed:.2f} % | {cells} |")


def print_parts(names):
    shapes = {f"word {n}": (LOWER + UPPER + DIGITS + "_", n) for n in (20, 24, 32)}
    # Only bodies without a run, which the validator of parts checks.
    bodies = {name: [body for body in draw(*shape, name) if "_" in body and not RUN.search(body)] for name, shape in shapes.items()}
    print(f"Bodies in parts, without a run of 16: {len(names)} different names, and the percentage of random bodies missed:\n")
    print("| bar | names taken |", " | ".join(f"{name} ({100 * len(body) / DRAWN:.0f} % are such)" for name, body in bodies.items()), "|")
    print("|---|--:|" + "--:|" * len(bodies))
    for bar in ("STRICT", "LENIENT"):
        taken = lambda body: in_parts(body, BARS[bar][2])
        missed = {name: 1 - sum(map(taken, drawn)) / len(drawn) for name, drawn in bodies.items()}
        print_row(bar, sum(map(taken, names)) / len(names), missed)
    print()


def draw_svg(curves, path):
    """Plots missed random runs of `alnum 24` against accepted written runs, on logarithmic scales."""
    shape, width, height = "alnum 24", 780, 400
    colors = ("#888", "#b58900", "#268bd2", "#2aa198", "#111", "#cb4b16", "#d33682", "#6c71c4")
    x = lambda share: 60 + (math.log10(share) + 4) / 3 * 400
    y = lambda missed: 20 + (0 - math.log10(max(missed, 1e-4))) / 4 * (height - 70)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">']
    out.append(f'<rect width="{width}" height="{height}" fill="#fff"/>')
    for power in range(-4, 0):
        out.append(f'<path d="M{x(10**power):.0f} 20V{height - 50}" stroke="#ddd"/>')
        out.append(f'<text x="{x(10**power):.0f}" y="{height - 34}" text-anchor="middle">{100 * 10**power:g} %</text>')
    for power in range(-4, 1):
        out.append(f'<path d="M60 {y(10**power):.0f}H460" stroke="#ddd"/>')
        out.append(f'<text x="54" y="{y(10**power) + 4:.0f}" text-anchor="end">{100 * 10**power:g} %</text>')
    out.append(f'<text x="60" y="{height - 12}">written runs taken for random (across), random runs of 24 missed (down)</text>')
    for place, (name, points) in enumerate(curves.items()):
        line = " ".join(f"{x(allowed):.0f},{y(1 - recall[shape]):.0f}" for allowed, recall in points)
        color = colors[place % len(colors)]
        out.append(f'<polyline points="{line}" fill="none" stroke="{color}" stroke-width="2"/>')
        out.append(f'<text x="475" y="{40 + 22 * place}" fill="{color}">{name}</text>')
    path.write_text("\n".join([*out, "</svg>"]) + "\n")


if __name__ == "__main__":
    main()
