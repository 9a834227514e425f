"""Examples for people: one case of a rule's case file, as YAML in block style, with CloudFormation's tags kept."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from stackproof.catalogue.files import text
from stackproof.errors import StackproofError

_TAGGED = re.compile(r"(![\w:]+) '([\w.:]+)'")  # the emitter quotes every text with a tag
_TYPE = re.compile(r"\w+(::\w+)+")
_KINDS = (("good",), ("bad", "unknown"))
_SHORT = 24  # lines: an example that fits on a page says more than the first one, if that is long


@dataclass(frozen=True, kw_only=True)
class Example:
    """A case: its kind (good, bad, unknown), its name, the template as YAML, and the logical ids that are not right."""

    kind: str
    name: str
    template: str
    at: tuple[str, ...] = ()


def examples(cases: Path) -> tuple[Example, ...]:
    """A good and a bad case of a case file, each the first short one (for a rule that only has doubts, an unknown one);
    those of them that are there and can be read."""
    try:
        root = yaml.compose(text(cases), Loader=yaml.SafeLoader)
    except (StackproofError, yaml.YAMLError, RecursionError):
        return ()
    found = (next(filter(None, (_first(root, kind) for kind in kinds)), None) for kinds in _KINDS)
    return tuple(example for example in found if example)


def _first(root: yaml.Node | None, kind: str) -> Example | None:
    cases = _value(root, kind)
    if not isinstance(cases, yaml.MappingNode) or not cases.value:
        return None
    every = [_example(kind, str(name.value), body) for name, body in cases.value]
    return next((example for example in every if example.template.count("\n") < _SHORT), every[0])


def _example(kind: str, name: str, body: yaml.Node) -> Example:
    at = _value(body, "at")
    return Example(
        kind=kind,
        name=name,
        template=_block(_value(body, "template") or body),
        at=tuple(str(item.value) for item in at.value) if isinstance(at, yaml.SequenceNode) else (),
    )


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _block(node: yaml.Node) -> str:
    _unfold(node)
    written: str = yaml.serialize(node, Dumper=_Dumper, width=100)
    return _TAGGED.sub(r"\1 \2", written).rstrip("\n")


class _Dumper(yaml.SafeDumper):
    """Writes lists indented, and each value where it stands, without anchors for those that stand there twice."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def anchor_node(self, node: yaml.Node) -> None:
        if node not in self.anchors:
            super().anchor_node(node)
        self.anchors[node] = None


def _unfold(node: yaml.Node) -> None:
    """From flow style to block style, as templates are written; what is empty stays in one line."""
    match node:
        case yaml.ScalarNode() if _TYPE.fullmatch(node.value):
            node.style = None
        case yaml.MappingNode():
            node.flow_style = not node.value
            for _, value in node.value:
                _unfold(value)
        case yaml.SequenceNode():
            node.flow_style = all(isinstance(item, yaml.ScalarNode) for item in node.value)
            for item in node.value:
                _unfold(item)
