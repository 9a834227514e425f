"""Find what a person means: a control by its id, a rule by any name that it goes by."""

import re
from collections.abc import Iterator

from stackproof.catalogue.model import Catalogue, Control, Exclusion, did_you_mean
from stackproof.catalogue.shelves import stems
from stackproof.errors import StackproofError
from stackproof.findings.result import RuleId

_CFN_LINT = re.compile(r"[EWI][0-8][0-9]{3}")  # those with a 9 are ours, and are in the catalogue


def find(catalogue: Catalogue, name: str) -> Control | Exclusion | tuple[RuleId, ...]:
    """The control of that id, the exclusion of that rule, or the rules of that name: "graph:s3_tls_only",
    "s3_tls_only", "CKV_AWS_53", "E9001", "batch_timeout". Capitals don't matter.

    Raises: StackproofError that names the nearest ones.
    """
    if control := catalogue.controls.get(name.lower()):
        return control
    if rules := tuple(_rules(catalogue, name.lower())):
        return rules
    lint = RuleId(engine="cfn-lint", rule=name.rpartition(":")[2].upper())
    if _CFN_LINT.fullmatch(lint.rule) and name.lower() in (lint.rule.lower(), str(lint).lower()):
        if exclusion := catalogue.exclusion(lint):
            return exclusion
        if catalogue.of_rule(lint):
            return (lint,)
    raise StackproofError(f"There is no control or rule {name!r}. {did_you_mean(name, _known(catalogue))}")


def _rules(catalogue: Catalogue, name: str) -> Iterator[RuleId]:
    for control in catalogue.controls.values():
        for rule in control.rules:
            names = {one.lower() for one in stems(rule)}
            if name in names or name in {f"{rule.engine}:{one}" for one in names}:
                yield rule


def _known(catalogue: Catalogue) -> dict[str, None]:
    """Every name that `find` takes, but the engines' own that consist of a letter."""
    names = dict.fromkeys(catalogue.controls)
    for control in catalogue.controls.values():
        for rule in control.rules:
            names |= dict.fromkeys(one for one in stems(rule) if len(one) > 1)
    return names
