from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="session")
def thresholds():
    return yaml.safe_load((Path(__file__).parents[3] / "policies" / "thresholds.yaml").read_text(encoding="utf-8"))
