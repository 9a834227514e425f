"""Where the rules of each engine stand in a policies folder, and what a rule's file says that it checks."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stackproof.catalogue.files import text
from stackproof.catalogue.model import Catalogue
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId

CHECKOV_PREFIX = "CKV_STACKPROOF_"
"""What the ids of checkov's checks of our own begin with."""

_MESSAGE = re.compile(r"<<(.+?)>>", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """Where an engine's rules stand. `stem` gives the name of a rule's file, None for a rule that the engine brings;
    `rule` the rule's name for a stem; `declared` finds the names of the rules that a file's text declares; `threshold`
    the thresholds that it asks for, as one or two names."""

    engine: str
    folder: str
    suffix: str
    stem: Callable[[str], str | None]
    rule: Callable[[str], str]
    declared: re.Pattern[str]
    threshold: re.Pattern[str]


SHELVES = (
    Shelf(
        engine="graph",
        folder="graph",
        suffix=".py",
        stem=lambda rule: rule,
        rule=lambda stem: stem,
        declared=re.compile(r"^@rule\(.*?^def ([a-z0-9_]+)", re.MULTILINE | re.DOTALL),
        threshold=re.compile(r"\bthresholds\[\"(\w+)\"\](?:\[\"(\w+)\"\])?"),
    ),
    Shelf(
        engine="cfn-guard",
        folder="guard",
        suffix=".guard",
        stem=lambda rule: rule,
        rule=lambda stem: stem,
        declared=re.compile(r"^rule ([A-Za-z0-9_]+)", re.MULTILINE),
        threshold=re.compile(r"#\s*threshold:\s*(\w+)\.?(\w*)"),
    ),
    Shelf(
        engine="checkov",
        folder="checkov_checks",
        suffix=".py",
        stem=lambda rule: rule.removeprefix(CHECKOV_PREFIX).lower() if rule.startswith(CHECKOV_PREFIX) else None,
        rule=lambda stem: CHECKOV_PREFIX + stem.upper(),
        declared=re.compile(rf"[\"']({CHECKOV_PREFIX}[A-Z0-9_]+)[\"']"),
        threshold=re.compile(r"\bthreshold\(\"(\w+)\", \"(\w+)\"\)"),
    ),
    Shelf(
        engine="cfn-lint",
        folder="cfnlint_rules",
        suffix=".py",
        stem=lambda rule: rule if re.fullmatch(r"[EWI]9[0-9]{3}", rule) else None,
        rule=lambda stem: stem,
        declared=re.compile(r"^    id(?:: str)? = [\"']([EWI][0-9]{4})[\"']", re.MULTILINE),
        threshold=re.compile(r"\bthresholds\[\"(\w+)\"\](?:\[\"(\w+)\"\])?"),
    ),
)
"""Engines without rules in files (schema, gate) have no shelf."""


@dataclass(frozen=True, kw_only=True)
class RuleFiles:
    """The file of a rule and that of its cases, whether they are there or not."""

    rule: RuleId
    file: Path
    cases: Path


def shelf_of(engine: str) -> Shelf | None:
    """The shelf of an engine, None for one whose rules are built in."""
    return next((shelf for shelf in SHELVES if shelf.engine == engine), None)


def files_of(policies: Path, rule: RuleId) -> RuleFiles | None:
    """Where a rule's files are, or should be; None for a rule that its engine brings."""
    shelf = shelf_of(rule.engine)
    stem = shelf.stem(rule.rule) if shelf else None
    if shelf is None or stem is None:
        return None
    folder = policies / shelf.folder
    return RuleFiles(rule=rule, file=folder / f"{stem}{shelf.suffix}", cases=folder / f"{stem}.yaml")


def rule_files(policies: Path, shelf: Shelf) -> list[Path]:
    """The files of a shelf that hold rules; those that begin with _ are shared by them."""
    folder = policies / shelf.folder
    found = folder.iterdir() if folder.is_dir() else ()
    return sorted(path for path in found if path.suffix == shelf.suffix and not path.name.startswith((".", "_")))


def strays(policies: Path, catalogue: Catalogue) -> list[Path]:
    """The files of rules that no control names, so that nobody runs them."""
    return [
        path
        for shelf in SHELVES
        for path in rule_files(policies, shelf)
        if shelf.rule(path.stem) not in catalogue.rules_of(shelf.engine)
    ]


def stems(rule: RuleId) -> tuple[str, ...]:
    """The names that people call a rule by: its own, and that of its files."""
    shelf = shelf_of(rule.engine)
    stem = shelf.stem(rule.rule) if shelf else None
    return (rule.rule,) if stem in (None, rule.rule) else (rule.rule, stem or "")


def said(files: RuleFiles) -> str:
    """What the file of a rule says that it checks: its docstring or comment, '' when it is missing or says nothing."""
    try:
        content = text(files.file)
    except StackproofError:
        return ""
    if files.rule.engine == "cfn-guard":
        return _guard(content)
    try:
        tree = ast.parse(content)
    except (SyntaxError, ValueError):
        return ""
    found = [words for words in _described(tree, files) if words]
    return found[0] if found else ""


def _guard(content: str) -> str:
    """The comment that a Guard file begins with, else its messages."""
    lines = [line.strip() for line in content.splitlines()]
    head = []
    for line in lines:
        if not line.startswith("#"):
            break
        head.append(line.lstrip("# "))
    messages = dict.fromkeys(" ".join(message.split()) for message in _MESSAGE.findall(content))
    return " ".join(head) or "; ".join(messages)


def _described(tree: ast.Module, files: RuleFiles) -> Iterator[str]:
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) if name == files.file.stem:
                yield ast.get_docstring(node) or ""
            case ast.ClassDef():
                texts = _texts(node)
                if "shortdesc" in texts:  # a rule of cfn-lint: its docstring is for developers
                    yield "\n\n".join(filter(None, (texts["shortdesc"] + ".", texts.get("description", ""))))
                elif "check_id" in texts:
                    yield ast.get_docstring(node) or ""
    yield ast.get_docstring(tree) or ""


def _texts(node: ast.ClassDef) -> dict[str, str]:
    """The class attributes that are texts."""
    return {
        target.id: statement.value.value
        for statement in node.body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
