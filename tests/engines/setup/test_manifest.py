"""Whatever is changed in an engine's folder shows."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.engines.setup import manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "bin" / "python").symlink_to("/usr/bin/python3")
    (tmp_path / "lib64").symlink_to("lib")
    (tmp_path / "lib" / "deep" / "module.py").write_text("x = 1\n")
    (tmp_path / "lib" / "empty.py").write_text("")
    return tmp_path


def test_nothing_changed(folder: Path) -> None:
    assert manifest.faults(folder, manifest.write(folder)) == []


def test_our_own_files_do_not_count(folder: Path) -> None:
    digest = manifest.write(folder)
    (folder / "stackproof.json").write_text("{}")
    assert manifest.faults(folder, digest) == []


def test_each_change_is_named(folder: Path) -> None:
    digest = manifest.write(folder)
    (folder / "lib" / "deep" / "module.py").write_text("x = 2\n")
    (folder / "lib" / "empty.py").unlink()
    (folder / "lib" / "sitecustomize.py").write_text("")
    (folder / "bin" / "python").unlink()
    (folder / "bin" / "python").symlink_to("/tmp/python3")
    assert manifest.faults(folder, digest) == [
        "lib/empty.py is missing",
        "lib/sitecustomize.py was added",
        "bin/python was changed",
        "lib/deep/module.py was changed",
    ]


def test_link_to_a_folder_that_leads_elsewhere_is_named(folder: Path) -> None:
    digest = manifest.write(folder)
    (folder / "lib64").unlink()
    (folder / "lib64").symlink_to("bin")
    assert manifest.faults(folder, digest) == ["lib64 was changed"]


def test_list_that_was_written_anew_is_told(folder: Path) -> None:
    digest = manifest.write(folder)
    (folder / "lib" / "empty.py").write_text("evil")
    manifest.write(folder)
    assert manifest.faults(folder, digest) == ["its list of files is not the one that was written at installation"]


def test_list_that_is_gone_is_told(folder: Path) -> None:
    digest = manifest.write(folder)
    (folder / manifest.NAME).unlink()
    assert manifest.faults(folder, digest) == ["its list of files is gone"]


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20)


@given(names=st.sets(NAMES.filter(lambda name: name not in (".", "..")), max_size=6))
def test_any_name_is_kept(tmp_path_factory, names: set[str]) -> None:
    folder = tmp_path_factory.mktemp("names")
    for name in names:
        (folder / name).write_text(name)
    assert manifest.faults(folder, manifest.write(folder)) == []
