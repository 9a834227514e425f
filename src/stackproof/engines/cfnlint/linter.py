"""cfn-lint on one template's text, in the worker's process: its rules loaded once, nothing configured from outside.

Whatever could hide a match is left out: suppressions and settings in a template's metadata, `.cfnlintrc` files, the
user's schema cache, the region of the environment. The whole of cfn-lint's matches comes back.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cfnlint
from cfnlint.config import _DEFAULT_RULESDIR, ConfigMixIn
from cfnlint.context.parameters import ParameterSet
from cfnlint.decode import decode_str
from cfnlint.helpers import create_rules, import_filename
from cfnlint.match import Match
from cfnlint.rules import Rules
from cfnlint.rules.errors import ParseError
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from cfnlint.template import Template

from stackproof.engines.cfnlint import focus

Json = Any

REGION = "us-east-1"  # cfn-lint's own default; its schemas differ by region, so it must not come from the environment
BUILT_IN = 329  # rules of the pinned version
EXECUTED_TRANSFORMS = frozenset({"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"})


class LoadError(Exception):
    """A rule file does not load, or the rules are not the ones that were asked for; its text is for people."""


class _Config(ConfigMixIn):  # type: ignore[misc]
    """cfn-lint's configuration, from nowhere but here: no files, no environment, nothing from a template."""

    def load(self) -> None:
        self.file_args: dict[str, Json] = {}

    def _find_config(self) -> tuple[str, str]:
        return "", ""

    def set_template_args(self, template: Json) -> None:
        self._template_args: dict[str, Json] = {}


class Linter:
    """The rules, and what they say of one text after the other."""

    def __init__(self, *, fast: bool = True) -> None:
        _use_packaged_schemas()
        self._size = 0
        self._today = datetime.today()
        self._config = _Config(include_checks=["I"], regions=[REGION])
        self._speed = None
        if fast:
            from stackproof.engines.cfnlint import speed

            self._speed = speed
            speed.install()
        self.rules = Rules()
        self.rules.update(Rules.create_from_directory(_DEFAULT_RULESDIR))
        if len(self.rules) != BUILT_IN:
            raise LoadError(f"cfn-lint loaded {len(self.rules)} of its {BUILT_IN} rules; install it anew")
        if self._speed:
            self._speed.install_on(self.rules)
        self._measure_texts()
        self._date_rules()
        focus.install(self.rules)
        self.own: tuple[str, ...] = ()

    def load_own(self, folder: Path | None, expected: Sequence[str]) -> None:
        """Load our rules, one a file named by its id, and hold all rules against those that are expected: whole ids, or
        prefixes such as `E`.

        Raises: LoadError that names the file or the rule.
        """
        for file in sorted(folder.glob("[!_]*.py")) if folder else []:
            rules = _rules_of(file)
            if [rule.id for rule in rules] != [file.stem]:
                found = ", ".join(rule.id for rule in rules) or "none"
                raise LoadError(f"{file.name} must hold exactly one rule, {file.stem}; it holds {found}")
            if file.stem in self.rules:
                raise LoadError(f"{file.name}: the id {file.stem} is taken by another rule of cfn-lint; choose another")
            if rules[0].experimental or not hasattr(rules[0], "population"):
                raise LoadError(f"{file.name}: a rule must not be experimental, and needs population(cfn)")
            self.rules.register(rules[0])
            self.own = (*self.own, file.stem)
        for name in expected:
            if not any(rule_id.startswith(name) for rule_id in self.rules):
                raise LoadError(f"no rule {name} is loaded: add {name}.py to cfnlint_rules, or mend the catalogue")

    def evaluated(self, names: Sequence[str]) -> tuple[str, ...]:
        """The ids of the loaded rules that these names or prefixes stand for."""
        return tuple(sorted(rule_id for rule_id in self.rules if rule_id.startswith(tuple(names))))

    def lint(self, job: Mapping[str, Json]) -> dict[str, Json]:
        """What the rules say of a job: {"path", "text", "parameters", "source", "only", "focus"}.

        The answer has `matches`, `resources` (those cfn-lint saw), `population` (of our rules) and
        `undecided` (why some of the template could not be judged, "" if all was) with its place, `undecided_at`.
        """
        template, problems = decode_str(job["text"])
        if not problems and not isinstance(template, dict):
            return _unreadable(
                [Match.create(message="The template is no mapping.", filename=job["path"], rule=ParseError())]
            )
        if problems:
            return _unreadable(problems)
        self._size = len(job["text"].encode())
        self._today = datetime.fromisoformat(job.get("today") or date.today().isoformat())
        sets = _parameter_sets(template, job)
        cfn = Template(job["path"], template, [REGION], sets)
        undecided = "; ".join(_macros(template))
        problems = cfn.transform()
        if problems:
            undecided = (
                f"the template can't be transformed, so that nothing else could be judged: {problems[0].message}"
            )
            return {
                "matches": [_as_json(match) for match in problems],
                "undecided": undecided,
                "undecided_at": ["Transform"],
                "resources": {},
            }
        if sets:
            cfn.context = cfn.context.evolve(parameter_sets=sets)  # a transform makes the context anew, without them
        rules = self._subset(job.get("only") or ())
        with focus.on(cfn, job.get("focus")) as focused:
            matches = [_as_json(match) for match in _distinct(rules.run(job["path"], cfn, self._config))]
        return {
            "matches": matches,
            "undecided": undecided and f"{undecided}; judge the template that results from it.",
            "undecided_at": ["Transform"] if "Transform" in template else [],
            "resources": _resources(cfn),
            "population": {name: list(self.rules[name].population(cfn)) for name in self.own if name in rules},
            "focus": sorted(focused) if focused is not None else None,
        }

    def _subset(self, only: Sequence[str]) -> Any:
        """All rules, or only some of ours: built-in ones are children of each other and run together or not at all."""
        if not only or not set(only) <= set(self.own):
            return self.rules
        subset = Rules()
        for name in ("E0002", *only):  # a rule that raises is told as E0002, which must be there to be told
            subset.register(self.rules[name])
        return subset

    def _measure_texts(self) -> None:
        """Let the rules on a template's size measure the text that is judged, not the file of its name."""
        for name in ("E1002", "I1002"):
            names = type(self.rules[name]).match.__globals__
            names["os"] = SimpleNamespace(stat=lambda _: SimpleNamespace(st_size=self._size))
            names["Path"] = lambda _: SimpleNamespace(is_file=lambda: True)

    def _date_rules(self) -> None:
        """Let the rules on deprecated runtimes judge by the day of the job."""
        calendar = SimpleNamespace(strptime=datetime.strptime, today=lambda: self._today)
        for name in ("E2531", "E2533", "W2531"):
            type(self.rules[name]).validate.__globals__["datetime"] = calendar


def _use_packaged_schemas() -> None:
    """cfn-lint prefers a newer copy of the schemas in the user's cache; results must not depend on it."""
    data = Path(cfnlint.__file__).parent / "data" / "schemas"
    if not (data / "providers" / f"{REGION}.json").is_file():
        raise LoadError("the cfn-lint that is installed carries no schemas; install it from its wheel")
    PROVIDER_SCHEMA_MANAGER._providers_dir = data / "providers"
    PROVIDER_SCHEMA_MANAGER._resources_dir = data / "resources"
    PROVIDER_SCHEMA_MANAGER.reset()


def _unreadable(problems: Sequence[Any]) -> dict[str, Json]:
    """cfn-lint can't read the text (a value is null, say, which CloudFormation refuses): that is all it can tell."""
    undecided = f"cfn-lint can't read the template, so that nothing else could be judged: {problems[0].message}"
    return {"matches": [_as_json(match) for match in problems], "undecided": undecided, "resources": {}}


def _rules_of(file: Path) -> list[Any]:
    try:
        module = import_filename(file.stem, os.fspath(file.parent))
        return [rule for rule in create_rules(module) if rule.id]
    except Exception as error:  # a rule file may raise anything
        raise LoadError(f"{file.name} does not load: {type(error).__name__}: {error}") from error


def _parameter_sets(template: Mapping[str, Json], job: Mapping[str, Json]) -> list[Any]:
    if job.get("parameters") is None:
        return []
    values = {name: _listed(template, name, value) for name, value in job["parameters"].items()}
    return [ParameterSet(source=job.get("source"), parameters=values)]


def _listed(template: Mapping[str, Json], name: str, value: Json) -> Json:
    """A deployment file may give a list as CloudFormation takes it, one text with commas."""
    declarations = template.get("Parameters")
    declaration = declarations.get(name) if isinstance(declarations, dict) else None
    kind = declaration.get("Type") if isinstance(declaration, dict) else None
    if isinstance(kind, str) and isinstance(value, str) and (kind == "CommaDelimitedList" or kind.startswith("List<")):
        return [item.strip() for item in value.split(",")]
    return value


def _macros(template: Mapping[str, Json]) -> Iterator[str]:
    """The transforms that cfn-lint does not carry out: what they make of the template is not known."""
    declared = template.get("Transform", [])
    for transform in declared if isinstance(declared, list) else [declared]:
        name = transform.get("Name") if isinstance(transform, dict) else transform
        if name not in EXECUTED_TRANSFORMS:
            yield f"the template runs the macro {name}, and what that makes of it is not known before a deployment"
    if _uses_transform(template):
        yield "Fn::Transform runs a macro inside the template, and what it puts there is not known before a deployment"


def _uses_transform(value: Json) -> bool:
    if isinstance(value, dict):
        return "Fn::Transform" in value or any(map(_uses_transform, value.values()))
    return isinstance(value, list) and any(map(_uses_transform, value))


def _distinct(matches: Iterator[Any]) -> Iterator[Any]:
    """Each match once, by all that a match says (as cfn-lint's own runner does)."""
    seen: dict[int, list[Any]] = {}
    for match in matches:
        alike = seen.setdefault(match.linenumber, [])
        if match not in alike:
            alike.append(match)
            yield match


def _as_json(match: Any) -> dict[str, Json]:
    path = [int(step) if isinstance(step, int) else str(step) for step in getattr(match, "path", None) or ()]
    return {
        "rule": match.rule.id,
        "message": str(match.message),
        "path": path,
        "line": match.linenumber,
        "column": match.columnnumber,
        "end_line": match.linenumberend,
        "end_column": match.columnnumberend,
        "file": os.path.basename(match.filename) if match.filename else None,
        "part_of_another": match.parent_id is not None,
    }


def _resources(cfn: Any) -> dict[str, Json]:
    """The resources by logical id, as the transforms left them: their types, and which properties they have."""
    found = {}
    for name, resource in cfn.get_resources().items():
        properties = resource.get("Properties")
        found[str(name)] = {
            "type": str(resource["Type"]),
            "properties": [str(key) for key in properties] if isinstance(properties, dict) else [],
        }
    return found
