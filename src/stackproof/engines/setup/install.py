"""Find an engine, or make it: atomically, once, whoever else is at it at the same time."""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup.checkov import CheckovRecipe
from stackproof.engines.setup.guard import GuardRecipe
from stackproof.engines.setup.model import Installed, Progress, Recipe, Status, home

_STAMP = "stackproof.json"
"""Written last. A folder without it was never finished and does not count."""

_ALL: tuple[Recipe, ...] = (GuardRecipe(), CheckovRecipe())
_RECIPES: Mapping[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def _silent(_: str) -> None:
    return


def ensure(name: str, progress: Progress = _silent) -> Installed:
    """The engine, made first if it is not there.

    Raises: EngineFailure saying which engine, why it can't be made, and what to do.
    """
    recipe = _recipe(name)
    if found := _find(recipe):
        return found
    with _locked(recipe, progress):
        if found := _find(recipe):  # another process made it while this one waited
            return found
        _make(recipe, progress)
    if found := _find(recipe):
        return found
    raise EngineFailure(
        f"{name} {recipe.version} was set up and can't be found in {home()}. Is the folder being cleaned? "
        "Set STACKPROOF_HOME to one that stays, then run `stackproof engines`."
    )


def find(name: str) -> Installed | None:
    """The engine if it is there; nothing is fetched."""
    return _find(_recipe(name))


def status(*, check: bool = False) -> list[Status]:
    """How every engine stands; `check` compares its files with what was installed, which takes seconds."""
    return [verify(name) if check else _status(recipe) for name, recipe in _RECIPES.items()]


def verify(name: str) -> Status:
    """How one engine stands, its files compared with what was installed."""
    recipe = _recipe(name)
    found = _find(recipe)
    if found is None:
        return _status(recipe)
    folder = home() / recipe.folder()
    stamp = _stamp(folder)
    if stamp is None:  # it serves from elsewhere: its version is all that is known of it
        return _status(recipe)
    faults = tuple(recipe.faults(folder, stamp["facts"]))
    return Status(name=name, version=recipe.version, installed=found, intact=not faults, faults=faults)


def _status(recipe: Recipe) -> Status:
    return Status(name=recipe.name, version=recipe.version, installed=_find(recipe))


def _recipe(name: str) -> Recipe:
    try:
        return _RECIPES[name]
    except KeyError:
        raise EngineFailure(f"there is no engine {name} to set up; there are: {', '.join(_RECIPES)}") from None


def _find(recipe: Recipe) -> Installed | None:
    folder = home() / recipe.folder()
    stamp = _stamp(folder)
    path = folder / recipe.entry()
    # The Python that an environment was made from may have been removed since: then the link to it leads nowhere.
    if stamp is not None and os.access(path, os.X_OK):
        return Installed(path=path, version=stamp["version"], origin=stamp["origin"])
    return recipe.elsewhere()


def _stamp(folder: Path) -> dict[str, Any] | None:
    try:
        stamp = json.loads((folder / _STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return stamp if isinstance(stamp, dict) and {"version", "origin", "facts"} <= stamp.keys() else None


def _make(recipe: Recipe, progress: Progress) -> None:
    folder = home() / recipe.folder()
    _sweep(recipe)
    building = Path(tempfile.mkdtemp(prefix=f".{recipe.name}-", dir=home()))
    try:
        facts = recipe.build(building, progress)
        stamp = {"name": recipe.name, "version": recipe.version, "origin": recipe.origin, "facts": dict(facts)}
        (building / _STAMP).write_text(json.dumps(stamp, indent=2) + "\n", "utf-8")
        building.chmod(0o755)
        building.rename(folder)
    except OSError as error:
        raise EngineFailure(
            f"{recipe.name} {recipe.version} can't be set up in {home()}: {error.strerror or error}. "
            "Set STACKPROOF_HOME to a folder that can be written to, then run `stackproof engines`."
        ) from error
    finally:
        shutil.rmtree(building, ignore_errors=True)
    progress(f"{recipe.name} {recipe.version}: ready")


def _sweep(recipe: Recipe) -> None:
    """Remove what set-ups that were interrupted left behind, and a finished folder that is no longer whole.

    Only ever called under the lock, so none of it belongs to a process that is still at work.
    """
    for left in (*home().glob(f".{recipe.name}-*"), home() / recipe.folder()):
        shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _locked(recipe: Recipe, progress: Progress) -> Iterator[None]:
    """Hold the engine's lock. The system lets go of it when a process dies, so none is ever left behind."""
    path = home() / f"{recipe.name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
    except OSError as error:
        raise EngineFailure(
            f"{recipe.name} {recipe.version} is not installed and {path.parent} can't be written to: {error.strerror}. "
            "Set STACKPROOF_HOME to a folder that can, then run `stackproof engines`."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"{recipe.name} {recipe.version}: waiting for another process that is setting it up")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
