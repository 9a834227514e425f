"""Searches for a key all over a template: one walk finds the places of all keys, where cfn-lint walks once for each.

A template with a transform is searched as before: transforms change it in place.
"""

import re
from typing import Any

from cfnlint.template.template import Template

_plain = Template.search_deep_keys


def _search(self: Any, searchText: str | re.Pattern[str], includeGlobals: bool = True) -> Any:  # noqa: N803  as cfn-lint
    template = self.template
    if not isinstance(searchText, str) or not isinstance(template, dict) or "Transform" in template:
        return _plain(self, searchText, includeGlobals)
    kept = self.__dict__.get("_stackproof_places")
    if kept is None or kept[0] is not template:
        places: dict[Any, list[list[Any]]] = {}
        _walk(template, [], places)
        kept = self.__dict__["_stackproof_places"] = (template, places)
    found = [list(place) for place in kept[1].get(searchText, ())]  # callers may change what they get
    if includeGlobals:
        before = self._search_deep_keys(searchText, self.transform_pre.get("Globals"), [])
        found.extend(["Globals", *place] for place in before)
    return found


def _walk(value: Any, path: list[Any], places: dict[Any, list[list[Any]]]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            place = [*path, key]
            places.setdefault(key, []).append([*place, item])
            if isinstance(item, dict | list):
                _walk(item, place, places)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict | list):
                _walk(item, [*path, index], places)


def install() -> None:
    """Put this in the place of cfn-lint's."""
    Template.search_deep_keys = _search
