"""The flow: from nothing to a settled file of a million transactions, by stage."""

from pathlib import Path

from stackproof.flow.run import run_files, setting

ROOT = Path(__file__).parents[1]
TRANSACTIONS = 1_000_000


def main() -> int:
    """Measure and print."""
    outcome = run_files(setting(ROOT / "template" / "stack.yaml", "dev"), [], transactions=TRANSACTIONS)
    print(f"\n{'flow, ' + format(TRANSACTIONS, ',') + ' transactions':<34}{'real s':>10}")
    for stage, seconds in outcome.took.items():
        print(f"  {stage:<32}{seconds:>10.1f}")
    return 0 if outcome.ok else 1
