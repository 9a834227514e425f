"""Each requirement id stands in a list from a source that can be had offline."""

import re
from pathlib import Path

import pytest

from stackproof.catalogue import Catalogue, default_policies, load

DATA = Path(__file__).parent / "data"
FRAMEWORKS = ("pci-dss-4.0.1", "nist-800-53-r5", "soc2-tsc", "iso-27001-2022")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load(default_policies())


def source(framework: str) -> tuple[list[str], list[str]]:
    """The header and the ids of a framework's list."""
    lines = (DATA / f"{framework}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("# ")], [line for line in lines if not line.startswith("# ")]


def test_the_frameworks(catalogue: Catalogue) -> None:
    assert tuple(catalogue.frameworks) == FRAMEWORKS
    assert sorted(path.stem for path in DATA.glob("*.txt")) == sorted(FRAMEWORKS)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_id_has_a_source(catalogue: Catalogue, framework: str) -> None:
    _, known = source(framework)
    assert [number for number in catalogue.frameworks[framework].requirements if number not in known] == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_source_says_package_version_file_and_hash(catalogue: Catalogue, framework: str) -> None:
    header, known = source(framework)
    packages = [line for line in header if re.fullmatch(r"# package: [a-z-]+ [0-9.]+ \(PyPI, Apache-2\.0\)", line)]
    files = [line.removeprefix("# file: ") for line in header if line.startswith("# file: ")]
    hashes = [line for line in header if re.fullmatch(r"# sha256: [0-9a-f]{64}", line)]
    assert 1 <= len(packages) == len(files) == len(hashes)
    assert all(file in catalogue.frameworks[framework].source for file in files)
    assert len(known) == len(set(known)) > 20


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_each_requirement_is_answered_by_a_control(catalogue: Catalogue, framework: str) -> None:
    answered = {number for control in catalogue.controls.values() for number in control.frameworks.get(framework, ())}
    assert set(catalogue.frameworks[framework].requirements) == answered
