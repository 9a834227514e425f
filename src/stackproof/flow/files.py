"""The files of a scenario: generated with a known share of bad lines, or broken on purpose."""

import gzip
from dataclasses import dataclass
from pathlib import Path

from stackproof.flow.steps import File
from stackproof.generate import Truth, generate


@dataclass(frozen=True, kw_only=True)
class Made:
    """A file on disk, with what is true of it when it was generated (None: the file was written or broken by hand)."""

    path: Path
    truth: Truth | None


def make(file: File, path: Path) -> Made:
    """Write the file that a scenario asks for."""
    if file.text is not None:
        path.write_bytes(file.text.encode("utf-8"))
        return Made(path=path, truth=None)
    truth = generate(path, transactions=file.transactions, seed=file.seed, bad_share=file.bad_share)
    if not (file.gzip or file.without_trailer or file.wrong_sum):
        return Made(path=path, truth=truth)
    content = path.read_bytes()
    if file.without_trailer or file.wrong_sum:
        body, trailer = content.rstrip(b"\r\n").rsplit(b"\n", 1)
        count = trailer.split(b",")[1]
        content = body + b"\n" + (b"" if file.without_trailer else b"TRAILER," + count + b",0.01\n")
    path.write_bytes(gzip.compress(content, mtime=0) if file.gzip else content)
    return Made(path=path, truth=None)
