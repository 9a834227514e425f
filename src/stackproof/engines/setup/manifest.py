"""Every file of an installed engine with its hash: what is changed, missing or added later shows."""

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

NAME = "stackproof.files"
_OURS = frozenset({NAME, "stackproof.json"})


def write(folder: Path) -> str:
    """Write the manifest of a folder into it; the hash of the manifest."""
    text = json.dumps(dict(sorted(_files(folder))), indent=0)
    (folder / NAME).write_text(text, "utf-8")
    return _sha256(text.encode())


def faults(folder: Path, expected: str) -> list[str]:
    """What is not as the manifest, whose hash is `expected`, says; a sentence each."""
    try:
        text = (folder / NAME).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ["its list of files is gone"]
    if _sha256(text.encode()) != expected:
        return ["its list of files is not the one that was written at installation"]
    try:
        listed: dict[str, str] = dict(json.loads(text))
    except (TypeError, ValueError):
        return ["its list of files is of another version of stackproof: remove its folder and run `stackproof engines`"]
    there = dict(_files(folder))
    return [
        *(f"{name} is missing" for name in sorted(listed.keys() - there.keys())),
        *(f"{name} was added" for name in sorted(there.keys() - listed.keys())),
        *(f"{name} was changed" for name in sorted(listed.keys() & there.keys()) if listed[name] != there[name]),
    ]


def _files(folder: Path) -> Iterator[tuple[str, str]]:
    """Each file below a folder with its hash; of a link where it leads to."""
    for base, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(base, name))]
        for name in (*names, *links):
            path = Path(base, name)
            relative = path.relative_to(folder).as_posix()
            if relative not in _OURS:
                yield relative, _hash(path)


def _hash(path: Path) -> str:
    try:
        return f"-> {os.readlink(path)}" if path.is_symlink() else _sha256(path.read_bytes())
    except OSError:
        return "unreadable"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
