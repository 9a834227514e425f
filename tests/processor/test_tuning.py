"""What is said to the libraries, and only where nobody said otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from processor.tuning import tune


def test_what_is_set_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLARS_MAX_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    tune()
    assert (os.environ["POLARS_MAX_THREADS"], os.environ["OPENBLAS_NUM_THREADS"]) == ("7", "1")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")


def test_it_comes_before_the_libraries_are_imported() -> None:
    """Numpy reads its setting when it is imported: nothing that `__main__` imports may bring it in."""
    code = "import sys, processor.__main__; print(sorted({'numpy', 'polars', 'pyarrow', 'boto3'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
