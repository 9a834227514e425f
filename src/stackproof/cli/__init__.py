"""The command line: the only place that wires, prints and exits."""

from stackproof.cli.main import main

__all__ = ["main"]
