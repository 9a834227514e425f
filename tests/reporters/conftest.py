"""What the tests of the reporters share: golden files, schemas, hostile texts."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

HERE = Path(__file__).parent


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare with a file of tests/reporters/golden; STACKPROOF_GOLDEN=write writes it instead."""

    def compare(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if os.environ.get("STACKPROOF_GOLDEN") == "write":
            path.write_text(text, encoding="utf-8", newline="")
        assert path.is_file(), "run once with STACKPROOF_GOLDEN=write, then read what it wrote"
        assert text == path.read_bytes().decode("utf-8")

    return compare


@pytest.fixture(scope="session")
def sarif_schema() -> Any:
    schema = json.loads((HERE / "data" / "sarif-2.1.0-rtm.5.json").read_text())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.Draft4Validator.FORMAT_CHECKER)


@pytest.fixture(scope="session")
def gate_schema(request: pytest.FixtureRequest) -> Any:
    schema = json.loads((request.config.rootpath / "docs" / "schemas" / "gate-1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


COMMAND = re.compile(r"##\w*\[")
"""What build servers take for a command, wherever it stands in a line of a log."""
