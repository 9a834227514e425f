"""Add to controls.yaml as text, so that its comments and its layout stay."""

import textwrap
from typing import Any

import yaml

from stackproof.errors import StackproofError

_WIDTH = 120


def with_rule(content: str, control: str, rule: str) -> str:
    """The catalogue's text with a rule more in the `rules` of a control.

    Raises: StackproofError when the list is not written in a way that a line of text can be added to.
    """
    for item in _controls(content).value:
        fields = {key.value: value for key, value in item.value}
        if fields["id"].value == control:
            return _added(content, fields["rules"], rule)
    raise StackproofError(f"controls.yaml has no control {control}.")


def with_control(content: str, entry: str) -> str:
    """The catalogue's text with an entry (a list item, not indented) after its last control."""
    controls = _controls(content)
    if controls.flow_style:
        raise StackproofError("controls.yaml: `controls` is written in one line; write it as a list with dashes.")
    lines = content.splitlines(keepends=True)
    last = _last_line(lines, controls)
    indent = len(lines[controls.start_mark.line]) - len(lines[controls.start_mark.line].lstrip())
    if not lines[last].endswith("\n"):
        lines[last] += "\n"
    return "".join((*lines[: last + 1], textwrap.indent(entry, " " * indent), *lines[last + 1 :]))


def _controls(content: str) -> Any:
    root: Any = yaml.compose(content, Loader=yaml.SafeLoader)
    return next(value for key, value in root.value if key.value == "controls")


def _last_line(lines: list[str], node: Any) -> int:
    """The last line of a block that is neither empty nor a comment: a node's own end is where the next one begins."""
    last = min(node.end_mark.line, len(lines) - 1)
    if node.end_mark.line < len(lines) and node.end_mark.column == 0:
        last -= 1
    while not lines[last].strip() or lines[last].lstrip().startswith("#"):
        last -= 1
    return int(last)


def _added(content: str, rules: Any, rule: str) -> str:
    if not rules.flow_style:
        return _added_line(content, rules, rule)
    end = rules.end_mark.index - 1
    start = content.rindex("\n", 0, rules.start_mark.index) + 1
    until = content.find("\n", end)
    line = content[content.rindex("\n", 0, end) + 1 : until if until >= 0 else len(content)]
    blanks = " " * (rules.start_mark.index - start + 1)
    room = len(line) + len(rule) + len(', ""') <= _WIDTH
    return (
        f'{content[:end].rstrip()}{"," if room else f",{chr(10)}{blanks}"}{" " if room else ""}"{rule}"{content[end:]}'
    )


def _added_line(content: str, rules: Any, rule: str) -> str:
    lines = content.splitlines(keepends=True)
    last = rules.value[-1].start_mark
    blanks = lines[last.line][: lines[last.line].index("-")]
    if not lines[last.line].endswith("\n"):
        lines[last.line] += "\n"
    lines.insert(last.line + 1, f'{blanks}- "{rule}"\n')
    return "".join(lines)
