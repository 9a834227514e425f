"""Nothing is dropped in silence: a property with a wrong name is refused by its name, in every type of the template."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stackproof.embedded.deploy import Stack
from stackproof.errors import StackproofError
from tests.embedded.deploy.support import ROOT, Site, new_world, producer_exists

FREE = {  # whose content is no property: maps of the user's own, and what AWS matches as data
    *("AWS::Lambda::Function.Environment.Variables", "AWS::Batch::JobDefinition.Tags", "AWS::Batch::JobQueue.Tags"),
    *("AWS::Batch::ComputeEnvironment.Tags", "AWS::Batch::ComputeEnvironment.ComputeResources.Tags"),
    *("AWS::Batch::JobDefinition.ContainerProperties.LogConfiguration.Options", "AWS::Events::Rule.EventPattern"),
    "AWS::Events::Rule.Targets.InputTransformer.InputPathsMap",
}
Path = tuple[str | int, ...]


def paths(value: Any, kind: str, path: Path = ()) -> Iterator[Path]:
    """Where each property stands in a resource's properties; policies end at their statements' elements."""
    names = ".".join([kind, *(part for part in path if isinstance(part, str))])
    if names in FREE or "Condition" in path or "Principal" in path:
        return
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(key, str) and key not in ("Version", "Statement"):
            yield (*path, key)
        yield from paths(inner, kind, (*path, key))


def renamed(value: Any, path: Path, name: str) -> Any:
    head, *rest = path
    if isinstance(value, list):
        return [renamed(item, tuple(rest), name) if i == head else item for i, item in enumerate(value)]
    if rest:
        return {k: renamed(v, tuple(rest), name) if k == head else v for k, v in value.items()}
    return {(name if key == head else key): item for key, item in value.items()}


@dataclass(repr=False)
class Place:
    """Where the examples are tried; without a text of its own, which would be half a megabyte."""

    site: Site
    stack: Stack


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with new_world() as world:
        producer_exists(world)
        site = Site(world=world, folder=tmp_path_factory.mktemp("templates"))
        yield Place(site, site.deploy_stack("prod"))


def misspelt(name: str, how: int, at: int) -> str:
    at %= len(name)
    return [
        name[:at] + name[at + 1 :],
        name[:at] + "q" + name[at:],
        name[:at] + name[at].swapcase() + name[at + 1 :],
        name + "s",
        name[:1].lower() + name[1:],
        name.upper(),
    ][how % 6]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_misspelt_property_is_refused_by_name(place: Place, data: st.DataObject) -> None:
    site, stack = place.site, place.stack
    kinds = sorted({r.type for r in stack.resources.values() if not r.type.startswith("Custom::")})
    kind = data.draw(st.sampled_from(kinds))
    named = data.draw(st.sampled_from([r.logical_id for r in stack.resources.values() if r.type == kind]))
    resource = stack.resources[named]
    path = data.draw(st.sampled_from(sorted(set(paths(resource.properties, kind)), key=str)))
    name = str(path[-1])
    wrong = misspelt(name, data.draw(st.integers(0, 5)), data.draw(st.integers(0, 40)))
    if wrong == name or not wrong:
        return
    properties = renamed(resource.properties, path, wrong)
    if "Code" in properties:
        properties["Code"] = str(ROOT / "lambdas")  # relative to the stack's template, not to the small one
    with pytest.raises(StackproofError) as raised:
        site.deploy({"Misspelt": {"Type": kind, "Properties": properties}})
    assert "Misspelt" in str(raised.value)
    assert wrong in str(raised.value), (path, str(raised.value))
