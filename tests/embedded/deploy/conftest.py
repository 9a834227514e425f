"""A world a test; the project's stack deployed once for the tests that only look at it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.embedded.deploy.support import Site, new_world


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with new_world() as world:
        yield Site(world=world, folder=tmp_path)
