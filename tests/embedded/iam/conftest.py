from collections.abc import Iterator

import pytest

from tests.embedded.iam.support import Aws, running


@pytest.fixture
def aws() -> Iterator[Aws]:
    with running() as started:
        yield started
