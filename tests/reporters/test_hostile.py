"""Whatever a template says, it is shown and does nothing: to a terminal, a page, a log, an XML or Markdown parser."""

import json
import re
import xml.etree.ElementTree as ET
from collections import Counter
from html.parser import HTMLParser
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from markdown_it import MarkdownIt
from rich.cells import cell_len

from stackproof.reporters import REPORTERS
from stackproof.reporters.terminal import render
from stackproof.template.references import display
from tests.reporters.conftest import COMMAND
from tests.reporters.hostile import NASTY, poisoned, texts

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
JOINERS = "\u200c\u200d"


def each_nasty(test: Any) -> Any:
    for text in NASTY:
        test = example(text)(test)
    return test


def is_harmless(text: str) -> bool:
    return all(c.isprintable() or c in JOINERS or c == "\n" for c in text) and not COMMAND.search(text)


def commands(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.lstrip().startswith("::")]


@few
@given(texts)
@each_nasty
def test_terminal(text: str) -> None:
    page = render(poisoned(text))
    assert is_harmless(page)
    assert commands(page) == []
    assert [
        line for line in page.split("\n") if cell_len(line) > 80 and "-->" not in line and "waiver:" not in line
    ] == []
    coloured = render(poisoned(text), colour=True)
    assert is_harmless(re.sub(r"\x1b\[[0-9;]*m", "", coloured))


@few
@given(texts)
@each_nasty
def test_json(text: str) -> None:
    report = poisoned(text)
    written = REPORTERS["json"](report)
    assert written.isascii()
    assert not COMMAND.search(written)
    found = json.loads(written)["reports"][0]["findings"][0]
    whole = re.sub("[\ud800-\udfff]", "\ufffd", text)
    assert found["message"] == display(whole)  # programs get what the template says
    assert found["resource"] == whole


@settings(few, max_examples=10)
@given(texts)
@each_nasty
def test_json_and_sarif_hold_to_their_schemas(gate_schema, sarif_schema, text: str) -> None:
    gate_schema.validate(json.loads(REPORTERS["json"](poisoned(text))))
    sarif_schema.validate(json.loads(REPORTERS["sarif"](poisoned(text))))


def strings(data: Any) -> list[str]:
    match data:
        case str():
            return [data]
        case dict():
            return [text for key, value in data.items() for text in (key, *strings(value))]
        case list():
            return [text for value in data for text in strings(value)]
        case _:
            return []


@few
@given(texts)
@each_nasty
def test_sarif(text: str) -> None:
    written = REPORTERS["sarif"](poisoned(text))
    assert written.isascii()
    assert not COMMAND.search(written)
    log = json.loads(written)
    for said in strings(log):
        assert is_harmless(said.replace("\t", "")), said
    for found in log["runs"][0]["results"]:
        assert "](" not in found["message"]["text"]


@few
@given(texts)
@each_nasty
def test_junit(text: str) -> None:
    written = REPORTERS["junit"](poisoned(text))
    assert is_harmless(written)
    assert commands(written) == []
    tags = Counter(element.tag for element in ET.fromstring(written.encode()).iter())
    assert tags == Counter(element.tag for element in ET.fromstring(REPORTERS["junit"](poisoned("x")).encode()).iter())


OURS = re.compile(r"</?(details|summary)>|<br>|<!-- -->")


@few
@given(texts)
@each_nasty
def test_markdown(text: str) -> None:
    written = REPORTERS["markdown"](poisoned(text))
    assert is_harmless(written)
    assert commands(written) == []
    assert len(written.encode("utf-16-le")) // 2 <= 65_536
    kinds = Counter()
    for token in MarkdownIt("commonmark").enable("table").parse(written):
        kinds[token.type] += 1
        for child in (token, *(token.children or [])):
            if child.type in ("html_inline", "html_block"):
                assert OURS.sub("", child.content).strip() == "" or child.content.startswith("<details><summary>")
            assert child.type != "image"
            if child.type == "link_open":
                assert not re.match(r"(?i)[a-z]+:|//", str(child.attrGet("href")))
    benign = Counter(
        token.type for token in MarkdownIt("commonmark").enable("table").parse(REPORTERS["markdown"](poisoned("x")))
    )
    assert kinds == benign


class Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: Counter[tuple[str, ...]] = Counter()
        self.text: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        if tag != "span":  # carets come and go with what a line has
            self.tags[(tag, *sorted(name for name, _ in attrs))] += 1
        self.text += [value or "" for _, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("style", "script"):
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def page(text: str) -> Page:
    parser = Page()
    parser.feed(REPORTERS["html"](poisoned(text)))
    parser.close()
    return parser


@few
@given(texts)
@each_nasty
def test_html(text: str) -> None:
    assume(text != "*")  # as a resource's name it stands for the template as a whole, which is shown in another way
    found = page(text)
    assert found.tags == page("x").tags
    assert [said for said in found.text if not is_harmless(said)] == []
    assert found.tags[("script",)] == 1
    assert [
        tag for tag in found.tags if any(name.startswith("on") or name in ("src", "style") for name in tag[1:])
    ] == []
