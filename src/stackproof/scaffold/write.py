"""Write what was planned: new files only, and the catalogue once it is known to load."""

import shutil
import tempfile
from pathlib import Path

from stackproof.catalogue import load
from stackproof.errors import StackproofError
from stackproof.scaffold.plan import Plan

_CATALOGUE = ("controls.yaml", "frameworks.yaml", "thresholds.yaml")


def write(planned: Plan) -> tuple[Path, ...]:
    """The files that were made, and the catalogue where it was added to. Nothing that exists is overwritten.

    Raises: StackproofError when a file is there after all or can't be written.
    """
    if planned.catalogue is not None:
        _verify(planned)
    written = []
    for path, content in planned.files.items():
        try:
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(content)
        except OSError as error:
            raise StackproofError(
                f"{path}: cannot be written: {error.strerror}. Name a folder with --policies."
            ) from None
        written.append(path)
    if planned.catalogue is not None:
        written.append(_replace(planned.policies / _CATALOGUE[0], planned.catalogue))
    return tuple(written)


def _verify(planned: Plan) -> None:
    """That the catalogue, as it will be, loads and is what it was with the rule added."""
    before = load(planned.policies)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file in _CATALOGUE[1:]:
            shutil.copyfile(planned.policies / file, folder / file)
        (folder / _CATALOGUE[0]).write_text(planned.catalogue or "", encoding="utf-8")
        after = load(folder)
    kept = {name: control for name, control in after.controls.items() if name != planned.control}
    known = {name: control for name, control in before.controls.items() if name != planned.control}
    owners = after.of_rule(planned.rule)
    if kept != known or [owner.id for owner in owners] != [planned.control]:
        raise StackproofError(
            f"{planned.policies / _CATALOGUE[0]}: {planned.rule} could not be added as text. Add it to `rules` of"
            f" {planned.control} by hand, then run this again."
        )


def _replace(path: Path, content: str) -> Path:
    """All of the file or nothing: a half-written catalogue would stop every run."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_text(content, encoding="utf-8")
        shutil.copymode(path, beside)
        beside.replace(path)
    except OSError as error:
        raise StackproofError(f"{path}: cannot be written: {error.strerror}.") from None
    return path
