"""Begin a rule: its file, its cases and its entry in the catalogue, unfinished on purpose; nothing is overwritten."""

from stackproof.scaffold.plan import Plan, plan
from stackproof.scaffold.write import write

__all__ = ["Plan", "plan", "write"]
