"""What every test shares: where things stand, and (for the end-to-end tests) a deployed stack to start from."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stackproof.flow.run import Stage

ROOT = Path(__file__).parent


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="module")
def stage() -> "Iterator[Stage]":
    """One deployment a module. It freezes time and stands between boto3 and moto for the whole module, so only
    end-to-end tests stand in a module that uses it."""
    from stackproof.flow.run import setting, staged

    with staged(setting(ROOT / "template" / "stack.yaml", "dev")) as stage:
        yield stage
