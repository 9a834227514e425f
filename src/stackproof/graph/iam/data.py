"""What AWS's documentation says of services, principals and conditions: `facts.yaml`, read once."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

_FACTS: Mapping[str, Any] = yaml.load(
    Path(__file__).with_name("facts.yaml").read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)
)

GLOBAL_KEYS: frozenset[str] = frozenset(_FACTS["global_keys"])
MANY_VALUES: frozenset[str] = frozenset(_FACTS["many_values"])
GLOBAL_PREFIXES = ("aws:principaltag/", "aws:requesttag/", "aws:resourcetag/")
OPERATORS: frozenset[str] = frozenset(_FACTS["operators"])
CLOSING_ACCOUNTS: frozenset[str] = frozenset(_FACTS["closing_accounts"])
CLOSING_ARNS: frozenset[str] = frozenset(_FACTS["closing_arns"])
CLOSING_OTHERS: frozenset[str] = frozenset(_FACTS["closing_others"])
TRUST_SOURCES: Mapping[str, str] = _FACTS["trust_sources"]
SOURCE_SERVICES: Mapping[str, str] = _FACTS["source_services"]
ROLE_USERS: tuple[tuple[str, tuple[str, ...], str], ...] = tuple(
    (one["type"], tuple(one["property"].split(".")), one["service"]) for one in _FACTS["role_users"]
)
SERVICE_NAMES: frozenset[str] = frozenset(_FACTS["service_names"])
KEY_WITHOUT_SOURCE: frozenset[str] = frozenset(_FACTS["key_without_source"])
RESOURCE_WITHOUT_SOURCE: frozenset[str] = frozenset(_FACTS["resource_without_source"])
SENDS_SOURCE_ARN: frozenset[str] = frozenset(_FACTS["sends_source_arn"])
SHARED_PROVIDERS: frozenset[str] = frozenset(_FACTS["shared_providers"])
SENDS_SOURCE_ACCOUNT: frozenset[str] = frozenset(_FACTS["sends_source_account"])
ENCRYPTION_CONTEXTS: Mapping[str, str] = _FACTS["encryption_contexts"]
NETWORK_INTERFACE_ACTIONS: frozenset[str] = frozenset(_FACTS["network_interface_actions"])
OPTIONAL_KINDS: frozenset[str] = frozenset(_FACTS["optional_kinds"])
RUNTIME_KINDS: frozenset[str] = frozenset(_FACTS["runtime_kinds"])
RUNTIME_MAKERS: Mapping[str, str] = _FACTS["runtime_makers"]
BROAD_MANAGED: tuple[str, ...] = tuple(_FACTS["broad_managed"])
MANAGED_POLICIES: Mapping[str, tuple[str, ...]] = {
    name: tuple(actions.split()) for name, actions in _FACTS["managed_policies"].items()
}
AWS_ACCOUNTS: frozenset[str] = frozenset(_FACTS["aws_accounts"])
