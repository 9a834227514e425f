"""Rule files: one rule a file, named as its file, that selects resources once, by type.

    let pitr_window = 35  # threshold: recovery.pitr_window_days
    let pitr_tables = Resources.*[ Type == 'AWS::DynamoDB::Table' ]

    rule dynamodb_pitr when %pitr_tables !empty { ... }

The engine judges each resource alone, so that Guard's status, which it has for a document only, is the status of that
resource. A second selection would be a join, which alone would always hold or always fail: it is refused.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackproof.engines.protocol import EngineFailure

FOLDER = "guard"
_OPAQUE = re.compile(r"""(?s:<<.*?>>)|"[^"\n]*"|'[^'\n]*'|/(?:\\.|[^/\\\n])+/|(?P<comment>\#[^\n]*)""")
_RULE = re.compile(r"^[ \t]*rule\s+(\w+)", re.MULTILINE)
_LET = re.compile(r"^[ \t]*let\s+(\w+)", re.MULTILINE)
_SELECTION = re.compile(r"\blet\s+\w+\s*=\s*Resources\s*\.\s*\*\s*\[")
_TYPES = re.compile(
    r"""\s*Type\s*(?:==\s*(?P<one>'[^']+'|"[^"]+")|(?:IN|in)\s*\[(?P<many>[^\]]+)\])\s*(?!\s*(?:or|OR|\|\|)\b)"""
)
_QUOTED = re.compile(r"""'([^']+)'|"([^"]+)\"""")
_PROPERTY = re.compile(r"\bProperties((?:\s*\.\s*\w+)+)")
_MARKER = re.compile(r"\bthreshold:\s*(?P<path>\S*)")
_THRESHOLD = re.compile(
    r"^(?P<let>[ \t]*let\s+\w+\s*=\s*)(?P<default>[^#]+?)(?P<comment>\s*#\s*threshold:\s*(?P<path>\S+))"
)


@dataclass(frozen=True, kw_only=True)
class RuleFile:
    """A rule. `types` are the resource types that it selects; `narrowing` the property paths by which its selection
    picks among them; `text` has the thresholds' values."""

    name: str
    text: str
    types: frozenset[str]
    narrowing: tuple[tuple[str, ...], ...]


def load_rules(policies: Path, names: Iterable[str], thresholds: Mapping[str, Any]) -> tuple[RuleFile, ...]:
    """The rule files of these names, with the values of the thresholds.

    Raises: EngineFailure when one is missing or not of the form, or there is none at all.
    """
    folder, wanted = policies / FOLDER, tuple(dict.fromkeys(names))
    if not wanted:
        raise EngineFailure(
            "cfn-guard: no rule was asked for, so nothing would be checked: name rules in controls.yaml."
        )
    there = {path.stem: path for path in sorted(folder.glob("*.guard"))} if folder.is_dir() else {}
    if not there:
        raise EngineFailure(
            f"cfn-guard: {folder} has no rule files (*.guard): restore it or name another policies folder."
        )
    if missing := [name for name in wanted if name not in there]:
        raise EngineFailure(
            f"cfn-guard: no rule file {folder / missing[0]}.guard (of {len(missing)} missing): "
            "write it or take the rule out of controls.yaml."
        )
    return tuple(_load(there[name], thresholds) for name in wanted)


def hook_bundle(policies: Path, thresholds: Mapping[str, Any]) -> str:
    """All rules as one Guard text with the thresholds' values, as an AWS::CloudFormation::GuardHook takes it.

    Raises: EngineFailure when a rule file is missing or not of the form, or two files use one name.
    """
    folder = policies / FOLDER
    rules = load_rules(policies, (path.stem for path in sorted(folder.glob("*.guard"))), thresholds)
    owners: dict[str, str] = {}
    for rule in rules:
        code = _code(rule.text)
        for name in (*_LET.findall(code), *_RULE.findall(code)):
            if owners.setdefault(name, rule.name) != rule.name:
                raise EngineFailure(
                    f"cfn-guard: {owners[name]}.guard and {rule.name}.guard both define {name}: rename one."
                )
    return "\n".join(rule.text.rstrip() + "\n" for rule in rules)


def _load(path: Path, thresholds: Mapping[str, Any]) -> RuleFile:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise EngineFailure(f"cfn-guard: rule file {path} cannot be read: {error}.") from None
    code = _code(text)
    if path.stem not in _RULE.findall(code):
        raise EngineFailure(
            f"cfn-guard: {path} does not define the rule {path.stem}: a rule bears the name of its file."
        )
    selection = _selection(path, text, code)
    return RuleFile(
        name=path.stem,
        text=_substituted(path, text, thresholds),
        types=_types(path, selection),
        narrowing=tuple(
            tuple(step.strip() for step in found.split(".") if step.strip()) for found in _PROPERTY.findall(selection)
        ),
    )


def _code(text: str) -> str:
    """The text with strings, patterns, messages and comments blanked, each place kept."""
    return _OPAQUE.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def _selection(path: Path, text: str, code: str) -> str:
    """What stands between the brackets of the file's one selection of resources, comments blanked."""
    starts = [found.end() for found in _SELECTION.finditer(code)]
    if len(starts) != 1 or len(re.findall(r"\bResources\b", code)) != 1:
        raise EngineFailure(
            f"cfn-guard: {path} must select resources exactly once, `let NAME = Resources.*[ Type == '...' ]`: "
            "each resource is judged alone. A rule that joins resources belongs into the graph engine."
        )
    depth, end = 1, starts[0]
    while depth and end < len(code):
        depth += {"[": 1, "]": -1}.get(code[end], 0)
        end += 1
    plain = _OPAQUE.sub(lambda found: " " * len(found[0]) if found["comment"] else found[0], text)
    return plain[starts[0] : end - 1]


def _types(path: Path, selection: str) -> frozenset[str]:
    found = _TYPES.match(selection)
    types = frozenset(a or b for a, b in _QUOTED.findall(found["one"] or found["many"])) if found else frozenset()
    if not types:
        raise EngineFailure(
            f"cfn-guard: {path}: the selection must start with the types, `Type == '...'` or `Type IN ['...', '...']`, "
            "so that it is known which resources the rule speaks of."
        )
    return types


def _substituted(path: Path, text: str, thresholds: Mapping[str, Any]) -> str:
    """The text with the value of each `let name = default  # threshold: section.name` from the thresholds."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        comment = next((found["comment"] for found in _OPAQUE.finditer(line) if found["comment"]), "")
        if not _MARKER.search(comment):
            continue
        where = f"cfn-guard: {path}, line {number + 1}"
        found = _THRESHOLD.match(line)
        if found is None:
            raise EngineFailure(
                f"{where}: a threshold marker belongs behind a value, `let name = 35  # threshold: section.name`; "
                "here it changes nothing."
            )
        value = _threshold(where, found["path"], thresholds)
        lines[number] = f"{found['let']}{_literal(where, found, value)}{line[found.end('default') :]}"
    return "\n".join(lines)


def _threshold(where: str, dotted: str, thresholds: Mapping[str, Any]) -> Any:
    value: Any = thresholds
    for step in dotted.split("."):
        if not isinstance(value, Mapping) or step not in value:
            raise EngineFailure(
                f"{where}: there is no threshold {dotted} in thresholds.yaml: add it or mend the marker."
            )
        value = value[step]
    return value


def _literal(where: str, found: re.Match[str], value: Any) -> str:
    """A value as Guard writes it. Guard compares like with like only, so it must be of the default's kind."""
    try:
        default = json.loads(found["default"].replace("'", '"'))
    except ValueError:
        raise EngineFailure(
            f"{where}: the default {found['default']} is no number, text, truth value or list."
        ) from None
    if type(default) is not type(value):
        raise EngineFailure(
            f"{where}: the threshold {found['path']} is {value!r}, but the rule needs one like {default!r}."
        )
    return json.dumps(value)
