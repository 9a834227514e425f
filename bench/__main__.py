"""`python -m bench [processor|monitor|flow|gate ...]`: all of them without a name."""

import sys

from bench import flow, gate, monitor, processor

BENCHES = {"processor": lambda: processor.main([]), "monitor": monitor.main, "flow": flow.main, "gate": gate.main}


def main() -> int:
    """Run the named measurements, in the order of the table."""
    names = sys.argv[1:] or list(BENCHES)
    if unknown := sorted(set(names) - set(BENCHES)):
        print(f"No measurement named {', '.join(unknown)}; there are {', '.join(BENCHES)}.", file=sys.stderr)
        return 2
    return max(BENCHES[name]() for name in names)


sys.exit(main())
