"""Pack a folder of code as `aws cloudformation package` does, but the same bytes for the same files."""

import io
import zipfile
from pathlib import Path

from stackproof.errors import StackproofError

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip file can carry
_MODES = {True: 0o100755, False: 0o100644}


class NothingToPack(StackproofError):
    """A path of code leads to no file."""


def pack(source: Path) -> bytes:
    """A zip of a folder's files (sorted, without times), or of one file; bytecode caches are left out.

    Raises: NothingToPack when there is no file.
    """
    if source.is_file():
        return source.read_bytes() if zipfile.is_zipfile(source) else _zip([(source.name, source)])
    if not source.is_dir():
        raise NothingToPack(f"{source}: there is no such folder or file to pack.")
    files = [(path.relative_to(source).as_posix(), path) for path in source.rglob("*") if path.is_file()]
    kept = [(name, path) for name, path in files if "__pycache__" not in path.parts and path.suffix != ".pyc"]
    if not kept:
        raise NothingToPack(f"{source}: the folder has no files to pack.")
    return _zip(sorted(kept))


def _zip(files: list[tuple[str, Path]]) -> bytes:
    """Stored, not compressed: compressed bytes differ between versions of zlib."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, path in files:
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3  # Unix, on every machine
            info.external_attr = _MODES[bool(path.stat().st_mode & 0o100)] << 16
            archive.writestr(info, path.read_bytes())
    return buffer.getvalue()
