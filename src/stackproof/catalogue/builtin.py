"""What the rules that engines bring say of themselves, read from the engines' files without running them.

For people only: where an engine is not installed, or keeps its rules elsewhere, there is nothing to say.
"""

import ast
import importlib.util
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

_LITERAL = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
_ATTRIBUTE = rf"^\s+%s(?:\s*:\s*str)?\s*=\s*(\(?\s*{_LITERAL}(?:\s*{_LITERAL})*\s*\)?)"
_CHECK_ID = re.compile(r"[\"'](CKV2?_AWS_[0-9]+)[\"']")


def cfn_lint_rule(name: str) -> str | None:
    """What cfn-lint's rule of that id says of itself; None when cfn-lint has no such rule, '' when it isn't here."""
    spec = importlib.util.find_spec("cfnlint")  # finds it without importing it, which takes a second
    if spec is None or spec.origin is None:
        return ""
    own_id = re.compile(rf"^    id(?:: str)? = [\"']{re.escape(name)}[\"']", re.MULTILINE)
    for path in sorted(Path(spec.origin).parent.joinpath("rules").rglob("*.py")):
        content = _text(path)
        if own_id.search(content):
            parts = (_attribute(content, "shortdesc"), _attribute(content, "description"))
            return ". ".join(part.rstrip(".") for part in parts if part) + "."
    return None


def checkov_checks(roots: Iterable[Path]) -> Mapping[str, str]:
    """The names of checkov's own checks for CloudFormation by id. `roots` are folders of the package `checkov`."""
    names: dict[str, str] = {}
    for root in roots:
        for path in sorted((root / "cloudformation" / "checks").rglob("*.py")):
            content = _text(path)
            name = _attribute(content, "name")
            for found in _CHECK_ID.findall(content):
                names.setdefault(found, name)
    return names


def _attribute(content: str, name: str) -> str:
    found = re.search(_ATTRIBUTE % name, content, re.MULTILINE)
    if found is None:
        return ""
    try:
        value = ast.literal_eval(found[1].strip())
    except (SyntaxError, ValueError):
        return ""
    return " ".join(str(value).split())


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
