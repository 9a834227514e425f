"""checkov: its custom and chosen built-in checks, in an environment and a process of their own."""

from stackproof.engines.checkov.engine import CheckovEngine

__all__ = ["CheckovEngine"]
