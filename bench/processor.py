"""The processor's numbers: CPU time against the plain version, peak memory at many rows.

`python -m bench.processor [--rows N] [--memory-rows N ...] [--repeat N]` prints a table. CPU time is user + system time
of the whole process, start-up included, the lowest of some runs; memory is the peak resident size. Plain and fast runs
take turns, so that a busy machine slows both.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.generate import generate

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measured process."""

    cpu: float
    """Seconds."""
    wall: float
    """Seconds."""
    memory: float
    """MiB."""


def measure(arguments: Sequence[str], *, cwd: Path = ROOT) -> Run:
    """Run `python ARGUMENTS` in a folder, without the caller's own tuning; raises if it fails."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("POLARS_", "MALLOC_"))}
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *arguments], cwd=cwd, env=environment, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    return Run(
        cpu=usage.ru_utime + usage.ru_stime,
        wall=time.perf_counter() - started,
        memory=usage.ru_maxrss / 1024,
    )


def best(runs: Sequence[Run]) -> Run:
    """The run that took the least CPU time."""
    return min(runs, key=lambda run: run.cpu)


def install(scratch: Path) -> Path:
    """The processor's folder as in its image: a copy, compiled."""
    home = scratch / "app"
    shutil.copytree(ROOT / "processor", home / "processor", ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(home, quiet=1)
    return home


def fast(path: Path, scratch: Path) -> Run:
    """The processor as in its image."""
    return measure(["-m", "processor", "--input", str(path), "--output", str(scratch / "fast")], cwd=scratch / "app")


def plain(path: Path, scratch: Path) -> Run:
    """The plain version."""
    return measure(["-m", "bench.plain", str(path), str(scratch / "plain")])


def row(name: str, run: Run, note: str = "") -> str:
    """One line of the table."""
    return f"{name:<34}{run.cpu:>10.2f}{run.wall:>10.2f}{run.memory:>12.0f}  {note}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.processor", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the comparison (default 1,000,000)")
    parser.add_argument(
        "--memory-rows", type=int, nargs="*", default=[10_000_000, 20_000_000], help="rows of the memory runs"
    )
    parser.add_argument("--repeat", type=int, default=2, help="runs of each of the two compared versions (default 2)")
    options = parser.parse_args(arguments)
    print(f"{'processor':<34}{'CPU s':>10}{'wall s':>10}{'peak MiB':>12}")
    with tempfile.TemporaryDirectory(prefix="bench-processor-") as name:
        scratch = Path(name)
        path = scratch / "input.csv"
        install(scratch)
        generate(path, transactions=options.rows, seed=7)
        pairs = [(plain(path, scratch), fast(path, scratch)) for _ in range(options.repeat)]
        slow, quick = best([pair[0] for pair in pairs]), best([pair[1] for pair in pairs])
        print(row(f"plain csv + Decimal, {options.rows:,}", slow))
        print(row(f"processor, {options.rows:,}", quick, f"{slow.cpu / quick.cpu:.1f} times less CPU"))
        before: tuple[int, Run] | None = None
        for rows in options.memory_rows:
            generate(path, transactions=rows, seed=7)
            run = fast(path, scratch)
            grown = f"{(run.memory - before[1].memory) * 2**20 / (rows - before[0]):.1f} bytes a row" if before else ""
            print(row(f"processor, {rows:,}", run, f"{grown} beyond {before[0]:,}" if before else ""))
            before = rows, run
    return 0


if __name__ == "__main__":
    sys.exit(main())
