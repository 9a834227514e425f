"""What a schema's resolver finds is kept for the next resolver of the same schema.

cfn-lint makes a resolver anew wherever a rule takes up a schema, and each searches the whole schema for identifiers
again. Schemas are constant, so both the search and what a `$ref` leads to are shared, by the schema's identity. A
resolver over a store of several schemas keeps its own.
"""

from functools import lru_cache
from typing import Any
from urllib.parse import urljoin

from cfnlint.schema.resolver import RefResolver
from cfnlint.schema.resolver._resolver import (
    _SUBSCHEMAS_KEYWORDS,
    _match_subschema_keywords,
    _search_schema,
)

_MOST = 4096
_urljoin = lru_cache(_MOST)(urljoin)


class _Known:
    """What is known of one schema; it holds the schema, so that its identity stays its own."""

    def __init__(self, schema: Any) -> None:
        self.schema = schema
        self.subschemas: dict[str, list[Any]] | None = None
        self.resolved: dict[str, Any] = {}


_known: dict[int, _Known] = {}


def _of(schema: Any) -> _Known:
    if (known := _known.get(id(schema))) is None:
        if len(_known) >= _MOST:
            _known.clear()
        known = _known[id(schema)] = _Known(schema)
    return known


def _subschemas(self: Any) -> dict[str, list[Any]]:
    known = _of(self.referrer)
    if known.subschemas is None:
        found: dict[str, list[Any]] = {keyword: [] for keyword in _SUBSCHEMAS_KEYWORDS}
        for keyword, subschema in _search_schema(self.referrer, _match_subschema_keywords):
            found[keyword].append(subschema)
        known.subschemas = found
    return known.subschemas


def _initialise(self: Any) -> None:
    self._scopes_stack = [self.base_uri]
    if self._cache is None:
        self._cache = _resolve_once(self) if self.store is None else lru_cache(1024)(self.resolve_from_url)
    if self._cache_cfn_pointer is None:
        self._cache_cfn_pointer = lru_cache(1024)(self.resolve_cfn_pointer)
    if self._urljoin_cache is None:
        self._urljoin_cache = _urljoin
    if self.store is None:
        self.store = {}


def _resolve_once(resolver: Any) -> Any:
    resolved = _of(resolver.referrer).resolved

    def resolve(url: str) -> Any:
        if url not in resolved:
            resolved[url] = resolver.resolve_from_url(url)
        return resolved[url]

    return resolve


def install() -> None:
    """Put these in the place of the resolver's own."""
    RefResolver.__post_init__ = _initialise
    RefResolver._get_subschemas_cache = _subschemas
