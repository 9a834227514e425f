"""`stackproof explain`."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from stackproof.catalogue import Catalogue, Control, Exclusion, default_policies, load
from stackproof.catalogue.examples import Example, examples
from stackproof.catalogue.lookup import find
from stackproof.catalogue.shelves import RuleFiles, files_of, said
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Severity
from stackproof.findings.result import RuleId

_WIDTH = 80
_WIDEST = 100
_COLOURS = {Severity.CRITICAL: "bold red", Severity.HIGH: "red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_BRINGS = {
    "cfn-lint": "cfn-lint brings it",
    "checkov": "checkov brings it",
    "schema": "AWS's own schema check; `gate --fast` runs it in place of cfn-lint",
    "gate": "the gate itself",
}
_VERDICTS = {"good": "passes", "bad": "fails", "unknown": "is unknown, which fails too"}


@click.command("explain")
@click.argument("name", metavar="CONTROL|RULE")
@click.option("--policies", type=click.Path(path_type=Path), help="Catalogue and rules [default: those of stackproof].")
def command(name: str, policies: Path | None) -> None:
    """Say what a CONTROL or RULE checks, why it matters, how to fix it, and show a good and a bad example.

    \b
    Examples:
      stackproof explain encryption-s3        # a control: why, how to fix, its rules, the requirements it answers
      stackproof explain graph:s3_tls_only    # a rule, and the control that it serves
      stackproof explain CKV_AWS_53           # one of checkov's own checks
      stackproof explain E3002                # one of cfn-lint's own rules
    """
    folder = policies or default_policies()
    catalogue = load(folder)
    found = find(catalogue, name)
    console = Console(highlight=False)
    width = min(console.width, _WIDEST) if sys.stdout.isatty() else _WIDTH
    for part in list(_page(found, catalogue, folder)):  # the whole page, or an error
        for line in part.lines(console, width):
            console.print(line, soft_wrap=True)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A paragraph with its indentation; lines after the first one stand `hang` further in. What is `fixed` (a template)
    keeps its lines, however long."""

    text: Text
    indent: int = 0
    hang: int = 0
    fixed: bool = False

    def lines(self, console: Console, width: int) -> Iterator[Text]:
        """The lines, wrapped."""
        room = width - self.indent - self.hang
        lines = self.text.split("\n", allow_blank=True) if self.fixed else self.text.wrap(console, room)
        for number, line in enumerate(lines):
            line.rstrip()
            yield Text(" " * (self.indent + (self.hang if number else 0))).append_text(line)


def _page(found: Control | Exclusion | tuple[RuleId, ...], catalogue: Catalogue, policies: Path) -> Iterator[Part]:
    match found:
        case Control():
            yield from _control(found, found.rules, catalogue, policies)
        case Exclusion():
            yield Part(text=Text.assemble((str(found.rule), "bold"), "  left out of every run, by name"))
            yield from _section("Why", found.reason)
            yield from _section("What it says", _words(found.rule, policies, {}))
        case _:
            for rule in found:
                yield Part(text=Text.assemble((str(rule), "bold"), f"  {_where(rule, policies)}"))
                yield from _section("What it checks", _words(rule, policies, _checkov_names((rule,))))
                for control in catalogue.of_rule(rule):
                    yield from _heading("The control that it serves")
                    yield from _control(control, (rule,), catalogue, policies)


def _control(control: Control, shown: Iterable[RuleId], catalogue: Catalogue, policies: Path) -> Iterator[Part]:
    severity = (control.severity.value, _COLOURS[control.severity])
    yield Part(text=Text.assemble((control.id, "bold"), "  ", severity, f"  {control.area}"))
    yield Part(text=Text(control.title))
    yield from _section("Why it matters", control.why)
    yield from _section("How to fix", control.fix)
    yield from _heading("Rules")
    names = _checkov_names(control.rules)
    for rule in control.rules:
        yield Part(text=Text.assemble((str(rule), "cyan"), f"  {_where(rule, policies)}"), indent=2)
        if words := _words(rule, policies, names):
            yield Part(text=_prose(words), indent=4)
    yield from _requirements(control, catalogue)
    yield from _examples(shown, policies)


def _requirements(control: Control, catalogue: Catalogue) -> Iterator[Part]:
    if not control.frameworks:
        return
    yield from _heading("Requirements that it answers, in part")
    for key, numbers in control.frameworks.items():
        framework = catalogue.frameworks[key]
        for number in numbers:
            line = Text.assemble((f"{framework.label} {number}", "cyan"), f"  {framework.requirements[number]}")
            yield Part(text=line, indent=2, hang=4)


def _examples(rules: Iterable[RuleId], policies: Path) -> Iterator[Part]:
    """A good and a bad one, of the first rule that has cases."""
    for rule in rules:
        files = files_of(policies, rule)
        if files and (found := examples(files.cases)):
            for example in found:
                yield from _example(example, files)
            return


def _example(example: Example, files: RuleFiles) -> Iterator[Part]:
    names = ", ".join("the template" if name == "*" else name for name in example.at)
    verdict = f"{names} {_VERDICTS[example.kind]}".strip()
    title = {"good": ("A good example", "bold green"), "bad": ("A bad example", "bold red")}
    yield Part(text=Text())
    yield Part(text=Text.assemble(title.get(example.kind, ("An example that is not known", "bold magenta"))))
    where = f"{example.name.replace('_', ' ')}: {verdict} ({_short(files.cases)})"
    yield Part(text=Text(where, style="dim"), indent=2)
    yield Part(text=Text(example.template), indent=4, fixed=True)


def _section(title: str, words: str) -> Iterator[Part]:
    if words:
        yield from _heading(title)
        yield Part(text=_prose(words), indent=2)


def _heading(title: str) -> Iterator[Part]:
    yield Part(text=Text())
    yield Part(text=Text(title, style="bold"))


def _prose(words: str) -> Text:
    """Prose of the catalogue, with what stands between backticks in another colour."""
    text = Text()
    for index, part in enumerate(words.split("`")):
        text.append(f"`{part}`" if index % 2 else part, style="cyan" if index % 2 else "")
    return text


def _where(rule: RuleId, policies: Path) -> str:
    files = files_of(policies, rule)
    if files is None:
        return _BRINGS.get(rule.engine, "")
    return _short(files.file) + ("" if files.file.is_file() else " (missing)")


def _short(path: Path) -> str:
    """A file from its policies folder on: policies/graph/s3_tls_only.py."""
    return "/".join(path.parts[-3:])


def _words(rule: RuleId, policies: Path, names: Mapping[str, str]) -> str:
    if files := files_of(policies, rule):
        return " ".join(said(files).split())
    if rule.engine == "cfn-lint":
        return _of_cfn_lint(rule)
    return names.get(rule.rule, "")


def _of_cfn_lint(rule: RuleId) -> str:
    from stackproof.catalogue.builtin import cfn_lint_rule

    if len(rule.rule) < len("E3002"):
        family = {"E": "errors", "W": "warnings", "I": "remarks"}[rule.rule[0]]
        return f"All {family} of cfn-lint" + (f" that begin with {rule.rule}" if rule.rule[1:] else "") + "."
    words = cfn_lint_rule(rule.rule)
    if words is None:
        raise StackproofError(f"There is no rule {rule.rule!r} in the cfn-lint that is installed.")
    return words


def _checkov_names(rules: Iterable[RuleId]) -> Mapping[str, str]:
    """The names of checkov's own checks, where checkov is installed and one of these rules is such a check."""
    if not any(rule.engine == "checkov" and not rule.rule.startswith("CKV_STACKPROOF_") for rule in rules):
        return {}
    from stackproof.catalogue.builtin import checkov_checks
    from stackproof.engines.setup import home

    return checkov_checks(sorted(home().glob("checkov-*/lib/python3*/site-packages/checkov"))[:1])
