"""The gate against the engines' own command lines, in one run: section 7 of the design, as ratios."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import templates
from stackproof.engines import setup

ROOT = Path(__file__).parents[1]
STACK = ROOT / "template" / "stack.yaml"
ENVIRONMENT = ROOT / "template" / "environments" / "prod.yaml"
_MEASURED = (0, 1)  # a finding is an outcome; anything else means that what was timed did not work


def main() -> int:
    """Measure and print; 1 when a target is missed."""
    setup.ensure("cfn-guard", print)
    setup.ensure("checkov", print)
    with tempfile.TemporaryDirectory() as scratch:
        rows = _rows(Path(scratch))
    print(f"\n{'gate':<64}{'measured':>10}{'target':>12}")
    for name, measured, target, unit, met in rows:
        print(f"  {name:<62}{measured:>9.2f}{unit}{target:>11}{'' if met else '   MISSED'}")
    return 0 if all(met for *_, met in rows) else 1


def _rows(scratch: Path) -> list[tuple[str, float, str, str, bool]]:
    peers = {name: _timed(command, scratch) for name, command in _peers().items()}
    for name, seconds in peers.items():
        print(f"  {name + ', its own command line':<62}{seconds:>9.2f}s")
    one = ("--environment", "prod", "--quiet", "--output", str(scratch / "report.txt"))
    cold = _gate(scratch, str(STACK), *one, "--no-cache")
    small = templates.small(scratch, 100)
    large = templates.large(scratch, STACK, 20)
    each_small = _gate(scratch, *small, *one[2:], "--no-cache") / len(small)
    each_large = _gate(scratch, *large, *one, "--no-cache", "--as", str(STACK)) / len(large)
    _gate(scratch, str(STACK), *one[2:])
    again = _gate(scratch, str(STACK), *one[2:])
    fast = _gate(scratch, str(STACK), *one[2:], "--fast")
    print(f"  {'gate, cold, four engines, the stack':<62}{cold:>9.2f}s")
    ratio, share = sum(peers.values()) / cold, cold / peers["checkov"]
    return [
        ("times faster than the engines' command lines, one by one", ratio, ">= 2.5", "x", ratio >= 2.5),
        ("share of the time of checkov's command line alone", share, "<= 0.8", " ", share <= 0.8),
        ("100 distinct templates of about 100 lines, each", each_small, "<= 0.5 s", "s", each_small <= 0.5),
        ("20 distinct templates of the stack's size, each", each_large, "<= 2.5 s", "s", each_large <= 2.5),
        ("again, nothing changed, whole process, both environments", again, "< 1 s", "s", again < 1),
        ("--fast, whole process, both environments", fast, "< 1.5 s", "s", fast < 1.5),
    ]


def _peers() -> dict[str, list[str]]:
    """What each engine's own user would type for the same rules."""
    checkov, guard = setup.ensure("checkov").path, setup.ensure("cfn-guard").path
    policies = ROOT / "policies"
    return {
        "cfn-lint": [
            str(Path(sys.executable).parent / "cfn-lint"),
            *("--include-checks", "I", "--append-rules", str(policies / "cfnlint_rules")),
            *("--deployment-files", str(ENVIRONMENT), "--ignore-checks", "W3002"),
        ],
        "cfn-guard": [str(guard), "validate", "--rules", str(policies / "guard"), "--data", str(STACK)],
        "checkov": [
            *(str(checkov), "-m", "checkov.main", "-f", str(STACK), "--framework", "cloudformation"),
            *("--external-checks-dir", str(policies / "checkov_checks"), "--skip-download", "--compact", "--quiet"),
        ],
    }


def _gate(scratch: Path, *arguments: str) -> float:
    return _timed([sys.executable, "-m", "stackproof", "gate", *arguments], scratch)


def _timed(command: list[str], scratch: Path) -> float:
    # The cache of results is a new one; the engines stay where they are.
    settings = {**os.environ, "STACKPROOF_RESULTS": str(scratch / "results"), "BC_SKIP_MAPPING": "TRUE"}
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode not in _MEASURED and "cfn-guard" not in command[0] and "cfn-lint" not in command[0]:
        raise SystemExit(
            f"{' '.join(command[:6])} ... ended with {done.returncode}:\n{done.stdout[-2000:]}{done.stderr}"
        )
    return seconds
