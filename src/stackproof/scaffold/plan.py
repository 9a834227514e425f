"""What a new rule needs, as texts: nothing is written here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from string import Template

from stackproof.catalogue import Catalogue, Control, default_policies, load
from stackproof.catalogue.files import text
from stackproof.errors import StackproofError
from stackproof.findings.outcome import Area
from stackproof.findings.result import RuleId
from stackproof.scaffold.entry import with_control, with_rule
from stackproof.scaffold.names import Names, names

_HELPERS = {"checkov": ("__init__.py", "_rules.py")}
"""Files that every rule of an engine needs beside it; they come from stackproof's own policies."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A rule to begin: new files with their texts, and the catalogue's new text (None where it names the rule already).
    `control` is the id of the control that it serves."""

    policies: Path
    rule: RuleId
    control: str
    files: Mapping[Path, str] = field(repr=False)
    catalogue: str | None = field(default=None, repr=False)


def plan(policies: Path, engine: str, name: str, *, control: str | None = None) -> Plan:
    """What to write for a new rule: into an existing control, or with a control of its own.

    Raises: StackproofError for a name that will not do, a rule or file that is there, a control that is not.
    """
    catalogue = load(policies)
    named = names(engine, name, catalogue)
    chosen = catalogue.control(control) if control is not None else None
    served = next((owner for owner in catalogue.controls.values() if named.rule in owner.rules), None)
    if served and chosen not in (None, served):
        raise StackproofError(f"The rule {named.rule} serves {served.id} already. A rule serves one control.")
    owner = served or chosen
    return Plan(
        policies=policies,
        rule=named.rule,
        control=owner.id if owner else named.control,
        files=_files(policies, named),
        catalogue=None if served else _catalogue(policies, named, chosen, catalogue),
    )


def _files(policies: Path, named: Names) -> dict[Path, str]:
    folder = policies / named.shelf.folder
    rule, cases = folder / f"{named.stem}{named.shelf.suffix}", folder / f"{named.stem}.yaml"
    for path in (rule, cases):
        if path.exists() or path.is_symlink():
            raise StackproofError(f"{path} is there already; nothing was written. Choose another name, or edit it.")
    made = {rule: _filled(named.rule.engine, named), cases: _filled("cases", named)}
    for helper in _HELPERS.get(named.rule.engine, ()):
        if not (folder / helper).exists():
            made[folder / helper] = text(default_policies() / named.shelf.folder / helper)
    return made


def _catalogue(policies: Path, named: Names, control: Control | None, catalogue: Catalogue) -> str:
    content = text(policies / "controls.yaml")
    if control is not None:
        return with_rule(content, control.id, str(named.rule))
    if named.control in catalogue.controls:
        raise StackproofError(
            f"The control {named.control} is there already. Add the rule to it with --control {named.control}, or"
            " choose another name."
        )
    first = named.control.split("-")[0]
    area = first if first in list(Area) else str(Area.LINT)
    areas = ", ".join(one for one in Area if one != area)
    return with_control(content, _filled("control", named, area=area, areas=areas))


def _filled(skeleton: str, named: Names, **more: str) -> str:
    content = files(__package__).joinpath("skeletons", f"{skeleton}.txt").read_text(encoding="utf-8")
    return Template(content).substitute(
        name=named.stem,
        rule=named.rule.rule if skeleton != "control" else str(named.rule),
        class_name=named.class_name,
        id=named.control,
        **more,
    )
