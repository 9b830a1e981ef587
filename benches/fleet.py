#!/usr/bin/env python3
"""Measures how many repositories a minute keysweep, keysweep-fleet and betterleaks scan, and what Ray costs.

    python3 benches/fleet.py FOLDER                       # generates 1,000 repositories in FOLDER and scans them
    python3 benches/fleet.py FOLDER --count 20            # generates 20, for a quick test
    python3 benches/fleet.py FOLDER --repositories LIST   # scans the repositories of LIST too, in a table of their own
    python3 benches/fleet.py FOLDER --count 0 --repositories LIST

FOLDER is outside this repository. The generated repositories need 360 MB for 1,000, stay there, and are used again.
`cargo build --release` makes keysweep; --keysweep FILE uses another one. `pip install ./fleet` makes keysweep-fleet;
--keysweep-fleet FILE uses one that is not in PATH, and without any, the rows of Ray are left out. --betterleaks FILE adds
betterleaks. Use its binary, since a Python script that starts the binary takes longer. --wide-rules leaves out the rows
of betterleaks with rules for the prefixes of keysweep only.

The list is split into parts (--rounds). All ways scan a part before the next part begins, so other work on the machine
disturbs all of them. Processor time has no such noise, and is the better number on a busy machine: it is the user and
system time of all processes, those of Ray included. betterleaks scans only --sample repositories of a list, because it
takes seconds for each on a busy machine; --ray-sample does the same for Ray. All ways of keysweep that scan the whole
list must find the same number of tokens.
"""

import argparse
import concurrent.futures
import ctypes
import functools
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import string
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PR_SET_CHILD_SUBREAPER = 36

# The prefixes of keysweep, as in benches/history.rs.
NARROW_RULES = r"""
[[rules]]
id = 'sk'
regex = '''\b[sr]k_[0-9A-Za-z_]{20,}'''
keywords = ['k_']
[[rules]]
id = 'whsec'
regex = '''\bwhsec_[0-9A-Za-z+/=_-]{20,}'''
keywords = ['whsec_']
"""


def main():
    words = argparse.ArgumentParser(description="Measures scans of many repositories.")
    words.add_argument("folder", type=lambda text: pathlib.Path(text).resolve())
    words.add_argument("--count", type=int, default=1000, help="generated repositories (default: 1000)")
    words.add_argument("--repositories", type=pathlib.Path, metavar="LIST", help="other repositories, one path a line")
    words.add_argument("--rounds", type=int, default=4, help="parts of a list (default: 4)")
    words.add_argument("--keysweep", default=ROOT / "target/release/keysweep", type=lambda text: pathlib.Path(text).resolve())
    words.add_argument("--keysweep-fleet", default=shutil.which("keysweep-fleet"), metavar="FILE")
    words.add_argument("--betterleaks", metavar="FILE")
    words.add_argument("--wide-rules", action="store_true", help="run betterleaks with its own rules only")
    words.add_argument("--sample", type=int, default=100, help="repositories for betterleaks (default: 100)")
    words.add_argument("--ray-sample", type=int, metavar="N", help="repositories for Ray (default: all)")
    given = words.parse_args()
    if given.folder == ROOT or ROOT in given.folder.parents:
        sys.exit(f"fleet: {given.folder} is in the repository")
    adopt_orphans()
    bench = Bench(given)
    if given.count:
        bench.table(f"{given.count:,} generated repositories", generate(given.folder / "generated", given.count))
    if given.repositories:
        lines = [line for line in given.repositories.read_text().splitlines() if line]
        bench.table(f"{len(lines):,} repositories of {given.repositories.name}", lines)


def adopt_orphans():
    """Processes of Ray become children of this one when their parents end. Otherwise, their time would not be counted."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def generate(folder, count):
    """Returns the paths of the repositories, in an order that mixes the sizes."""
    template = folder / "template.git"
    if not template.exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["git", "init", "-q", "--bare", "--template=", "-b", "trunk", str(template)], check=True)
    paths = [folder / f"{number:06}.git" for number in range(count)]
    for number, path in enumerate(paths):
        if not path.exists():
            draft = path.with_suffix(".part")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(template, draft)
            stream = fast_import_stream(random.Random(number), number % 10 == 3)
            subprocess.run(["git", "fast-import", "--quiet"], cwd=draft, input=stream, check=True)
            draft.rename(path)
    random.Random(0).shuffle(paths)
    return [str(path) for path in paths]


def fast_import_stream(dice, has_token):
    """A history of 1 to 200 commits, half of them below 15. A token is in one of its commits."""
    commits = int(200 ** dice.random())
    files = [f"src/{word(dice)}/{word(dice)}.{dice.choice(('py', 'ts', 'go', 'md'))}" for _ in range(dice.randint(1, 30))]
    at = dice.randrange(commits) if has_token else None
    parts = []
    for number in range(commits):
        parts.append(f"commit refs/heads/trunk\ncommitter a <a@example.com> {1_700_000_000 + number} +0000\ndata 6\nchange\n")
        for path in files if number == 0 else dice.sample(files, min(len(files), 3)):
            text = source_text(dice)
            if number == at:
                text += f'key = "{token(dice)}"\n'
            parts.append(f"M 100644 inline {path}\ndata {len(text)}\n{text}\n")
    return "".join(parts).encode()


def source_text(dice):
    lines = int(2 ** dice.uniform(2, 8))
    return "".join(f"{'    ' * dice.randint(0, 3)}{word(dice)} = {word(dice)}({word(dice)}, {word(dice)})\n" for _ in range(lines))


def word(dice):
    return "".join(dice.choices(string.ascii_lowercase, k=dice.randint(3, 9)))


def token(dice):
    return "sk" + "_live_" + "".join(dice.choices(string.ascii_letters + string.digits, k=24))


class Cost:
    """What a way cost: seconds, processor seconds, and the number of repositories that these are for."""

    def __init__(self, wall=0.0, cpu=0.0, count=0):
        self.wall, self.cpu, self.count = wall, cpu, count

    def __add__(self, other):
        return Cost(self.wall + other.wall, self.cpu + other.cpu, self.count + other.count)


class Bench:
    def __init__(self, given):
        self.given = given
        self.work = None

    def table(self, title, lines):
        rounds = max(1, min(self.given.rounds, len(lines)))
        costs, starts = {}, Cost()
        with tempfile.TemporaryDirectory(dir=make(self.given.folder)) as work:
            self.work = pathlib.Path(work)
            for number in range(rounds):
                part = lines[number::rounds]
                self.round(part, rounds, costs)
                if self.given.keysweep_fleet:
                    starts += self.measure(functools.partial(self.sweep, part[:1], 1), 1)[0]
                print(f"fleet: part {number + 1} of {rounds} is measured", file=sys.stderr)
        print_table(title, costs)
        if self.given.keysweep_fleet:
            print_engine(costs, starts)

    def round(self, part, rounds, costs):
        """Scans a part in each way."""
        sample = part[: max(1, self.given.sample // rounds)]
        on_ray = part[: max(1, self.given.ray_sample // rounds)] if self.given.ray_sample else part
        found = {}
        for name, count, way in self.ways(part, on_ray, sample):
            cost, result = self.measure(way, count)
            costs.setdefault(name, []).append(cost)
            if result is not None and count == len(part):
                found[name] = result
        if len(set(found.values())) > 1:
            sys.exit(f"fleet: the numbers of findings differ: {found}")

    def ways(self, part, on_ray, sample):
        yield "`keysweep fleet`, 1 process", len(part), lambda: self.fleet([part])
        yield "`keysweep fleet`, 2 processes", len(part), lambda: self.fleet([part[0::2], part[1::2]])
        yield "`keysweep fleet`, a process for each repository", len(part), lambda: self.fleet([[line] for line in part], 1)
        if self.given.keysweep_fleet:
            yield "`keysweep-fleet sweep`, 1 worker", len(on_ray), lambda: self.sweep(on_ray, 1)
            yield "`keysweep-fleet sweep`, 2 workers", len(on_ray), lambda: self.sweep(on_ray, 2)
        if self.given.betterleaks:
            yield "`betterleaks git`, 1 at once", len(sample), lambda: self.betterleaks(sample, 1)
            yield "`betterleaks git`, 2 at once", len(sample), lambda: self.betterleaks(sample, 2)
        if self.given.betterleaks and not self.given.wide_rules:
            narrow = make(self.work) / "rules.toml"
            narrow.write_text(NARROW_RULES)
            options = ["--config", str(narrow)]
            yield "the same, 1 at once, rules for the same prefixes", len(sample), lambda: self.betterleaks(sample, 1, options)

    def measure(self, way, count):
        before, start = child_seconds(), time.monotonic()
        result = way()
        wall = time.monotonic() - start
        reap()
        return Cost(wall, child_seconds() - before, count), result

    def fleet(self, lists, at_once=2):
        """Runs a keysweep for each list. Returns the number of findings."""
        cache = self.work / "cache"
        words = [str(self.given.keysweep), "fleet", "--quiet", "--no-progress", "--threads", "1", "--cache", str(cache), "-"]
        outputs = run_all(words, ["\n".join(lines) for lines in lists], at_once, (0, 1))
        return sum(count_findings(output) for output in outputs)

    def sweep(self, part, workers):
        listed, results = self.work / "list", self.work / "results"
        listed.write_text("\n".join(part))
        shutil.rmtree(results, ignore_errors=True)
        words = [self.given.keysweep_fleet, "sweep", str(listed), "--results", str(results), "--workers", str(workers)]
        words += ["--no-progress", "--keysweep", str(self.given.keysweep), "--", "--cache", str(self.work / "cache")]
        run_all(words, [""], 1, (0, 1))
        return sum(count_findings(path.read_bytes()) for path in results.glob("??/*.jsonl"))

    def betterleaks(self, part, at_once, options=()):
        # With --redact, no token is in the output, which goes nowhere.
        words = [self.given.betterleaks, "git", "--no-banner", "--redact", "--silent", "--exit-code=0", *options]
        with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
            list(pool.map(lambda line: run([*words, line], "", (0,)), part))


def make(folder):
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def run_all(words, inputs, at_once, codes):
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda text: run(words, text, codes), inputs))


def run(words, text, codes):
    child = subprocess.run(words, input=text.encode(), capture_output=True, check=False)
    if child.returncode not in codes:
        sys.stderr.buffer.write(child.stderr[-2000:])
        sys.exit(f"fleet: {words[0]} exited with {child.returncode}")
    return child.stdout


def count_findings(output):
    return sum(json.loads(line)["type"] == "finding" for line in output.splitlines())


def child_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def reap():
    """Waits for processes that Ray left behind: their time counts only then. Ends those that do not end themselves."""
    end = time.monotonic() + 20
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            if time.monotonic() > end:
                for child in own_children():
                    os.kill(child, signal.SIGKILL)
            time.sleep(0.05)


def own_children():
    path = pathlib.Path(f"/proc/self/task/{os.getpid()}/children")
    return [int(pid) for pid in path.read_text().split()] if path.exists() else []


def print_table(title, costs):
    """Ratios are to one process of keysweep: of processor time a repository, with the lowest and highest of the parts."""
    base = next(iter(costs.values()))
    print(f"\n{title}, {sum(cost.count for cost in base)} in {len(base)} parts\n")
    print("| way | repositories a minute | processor ms a repository | processor time, ratio | wall time, ratio |")
    print("|---|---|---|---|---|")
    for name, parts in costs.items():
        total = sum(parts, Cost())
        a_minute, cpu = total.count / total.wall * 60, total.cpu / total.count * 1000
        cpus = ratios(parts, base, lambda cost: cost.cpu)
        walls = ratios(parts, base, lambda cost: cost.wall)
        print(f"| {name} | {a_minute:,.0f} | {cpu:.1f} | {cpus} | {walls} |")


def ratios(parts, base, value):
    each = sorted(value(one) / one.count / (value(other) / other.count) for one, other in zip(parts, base, strict=True))
    middle = each[len(each) // 2] if len(each) % 2 else sum(each[len(each) // 2 - 1 : len(each) // 2 + 1]) / 2
    return f"{middle:.2f} ({each[0]:.2f} to {each[-1]:.2f})"


def print_engine(costs, starts):
    """What Ray costs: for a sweep of one repository, and for each further one."""
    total = {name: sum(parts, Cost()) for name, parts in costs.items()}
    ray, plain = total["`keysweep-fleet sweep`, 1 worker"], total["`keysweep fleet`, 1 process"]
    single = total["`keysweep fleet`, a process for each repository"]
    wall, cpu = starts.wall / starts.count, starts.cpu / starts.count
    print(f"\nA sweep of one repository: {wall:.1f} s, {cpu:.2f} s of processor time")
    further = max(1, ray.count - starts.count)
    wall, cpu = (ray.wall - starts.wall) / further * 1000, (ray.cpu - starts.cpu) / further * 1000
    print(f"Each further one: {wall:.1f} ms, {cpu:.1f} ms of processor time, which is more than")
    for name, other in (("one process", plain), ("a process for each repository", single)):
        more_wall, more_cpu = wall - other.wall / other.count * 1000, cpu - other.cpu / other.count * 1000
        print(f"- {name}: by {more_wall:.1f} ms, {more_cpu:.1f} ms of processor time")


if __name__ == "__main__":
    main()
