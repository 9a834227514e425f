"""The policies come from the package or its repository, never from the current folder."""

from pathlib import Path

import pytest

from stackproof.catalogue import default_policies
from stackproof.errors import StackproofError


def test_an_editable_install_takes_the_repositorys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    monkeypatch.chdir(tmp_path)
    assert default_policies() == Path(__file__).resolve().parents[2] / "policies"


def test_an_installed_package_takes_its_own(tmp_path: Path) -> None:
    package = tmp_path / "site-packages" / "stackproof"
    (package / "policies").mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    assert default_policies(package) == package / "policies"


def test_a_source_tree_takes_the_folder_beside_src(tmp_path: Path) -> None:
    package = tmp_path / "src" / "stackproof"
    package.mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    assert default_policies(package) == tmp_path / "policies"


def test_a_package_without_policies_takes_none_that_lies_about(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "lib" / "stackproof"
    package.mkdir(parents=True)
    (tmp_path / "policies").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StackproofError, match="policies are missing"):
        default_policies(package)
