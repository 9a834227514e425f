"""The operators, and the table of what controls speak of."""

from collections.abc import Iterator

import pytest

from stackproof.errors import EngineError, StackproofError
from stackproof.mutate import registry, speaks, tree
from stackproof.mutate.model import Mutant
from stackproof.mutate.target import Target
from stackproof.template import schemas
from tests.mutate.parts import catalogue, mutants, target


def test_every_control_and_type_of_the_table_exists() -> None:
    table = speaks.load()
    named = {c for p in table.types.values() for e in p.values() for n in ("controls", "deleted") for c in e.get(n, ())}
    named |= {c for entry in table.shapes.values() for c in entry["controls"]}
    named |= {c for controls in table.services.values() for c in controls}
    named |= {c for entry in table.alarms.values() for c in entry.controls}
    assert sorted(named - set(catalogue().controls)) == []
    assert sorted(kind for kind in table.types if schemas.schema(kind) is None) == []
    kinds = {f for p in table.types.values() for e in p.values() for f in e.get("faults", ())}
    assert sorted(kinds - speaks.FAULTS) == []


def test_every_pattern_of_the_table_is_in_the_schema() -> None:
    missing = [
        f"{kind} {'.'.join(pattern)}"
        for kind, patterns in speaks.load().types.items()
        for pattern in patterns
        if pattern
        and not schemas.node(kind, tuple(0 if step == "*" else step for step in pattern))
        and "PolicyDocument" not in pattern
        and "Tags" not in pattern
        and pattern[-1] != "*"
        and "Options" not in pattern
        and "Parameters" not in pattern
        and "AUDIT_LOGS" not in pattern
    ]
    assert missing == []


def test_a_deletion_is_of_the_whole_entry_and_a_change_of_the_branch_that_holds() -> None:
    place = ("Resources", "Table", "Properties", "DeletionProtectionEnabled")
    (deleted,) = [m for m in mutants("delete-property") if m.path == place]
    assert not tree.has(deleted.data, place)
    (flipped,) = [m for m in mutants("flip-boolean") if m.path[:4] == place]
    assert tree.at(flipped.data, place) == {"Fn::If": ["Never", False, False]}
    assert flipped.expected == ("recovery-deletion-protection",)
    assert (flipped.before, flipped.after) == ("true", "false")


def test_the_original_is_never_changed() -> None:
    before = target()
    text = repr(before.data)
    for one in registry.operators():
        list(one.mutants(before))
    assert repr(before.data) == text


def test_names_are_unique_and_titles_are_there() -> None:
    known = registry.operators()
    assert len({one.name for one in known}) == len(known)
    assert [one.name for one in known if not one.title] == []


def test_each_mutant_is_a_change() -> None:
    base = target()
    same = [
        m for one in registry.operators() for m in one.mutants(base) if m.data == base.data and m.parameters is None
    ]
    assert [(m.operator, m.path) for m in same] == []


def test_an_unknown_operator_is_named() -> None:
    with pytest.raises(StackproofError, match="no operator 'delete-everything'"):
        registry.operators(["delete-everything"])


def _raises(_: Target) -> Iterator[Mutant]:
    """Raises."""
    raise ZeroDivisionError("by design")


def _no_mutant(_: Target) -> Iterator[Mutant]:
    """Yields nonsense."""
    yield "mutant"  # type: ignore[misc]


@pytest.mark.parametrize("make", [_raises, _no_mutant])
def test_a_broken_operator_ends_the_run(make: registry.Make) -> None:
    broken = registry.Operator(name="broken", title="", make=make)
    with pytest.raises(EngineError, match="The operator broken failed"):
        list(broken.mutants(target()))
