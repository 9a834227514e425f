"""The whole output of each format, for each sample report."""

import re

import pytest

from stackproof.reporters import REPORTERS
from stackproof.reporters.terminal import render
from tests.reporters.sample import RICH, SAMPLES

ENDINGS = {"terminal": "txt", "json": "json", "sarif": "sarif", "junit": "xml", "markdown": "md", "html": "html"}


@pytest.mark.parametrize("form", ENDINGS)
@pytest.mark.parametrize("sample", SAMPLES)
def test_the_output_is_as_it_was_read_and_approved(golden, form: str, sample: str) -> None:
    text = REPORTERS[form](SAMPLES[sample])
    if form == "html":  # style and script are in their own files
        text = re.sub(r"(<style>|<script>).*?(</style>|</script>)", r"\1\2", text, flags=re.DOTALL)
        text = re.sub(r"'sha256-[^']+'", "'sha256-'", text)
    golden(f"{sample}.{ENDINGS[form]}", text)


def test_colours_change_nothing_but_colours(golden) -> None:
    coloured = render(RICH, colour=True)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == render(RICH)
    assert "\x1b[1;31mfail\x1b[0m" in coloured


def test_every_format_is_there() -> None:
    assert list(REPORTERS) == ["terminal", "json", "sarif", "junit", "html", "markdown"]
