"""Suppressions inside a template. They hide nothing here, and are reported, so that nobody relies on them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from stackproof.findings.report import Suppression
from stackproof.template.model import Source

_COMMENT = re.compile(
    r"#\s*(?P<text>(?P<tool>checkov|bridgecrew|cfn_nag|cfn-lint|tfsec|kics|trivy|nosec)\s*[:=-].{0,200})", re.I
)
_KEYS = {"cfn-lint": "cfn-lint", "cfn_nag": "cfn_nag", "guard": "cfn-guard", "checkov": "checkov", "cdk_nag": "cdk_nag"}


def suppressions(source: Source) -> tuple[Suppression, ...]:
    """Every suppression in the metadata of the template and of its resources, and in comments."""
    return (*_metadata(source), *_comments(source))


def _metadata(source: Source) -> Iterator[Suppression]:
    yield from _in_metadata(source, source.data.get("Metadata"), None, ("Metadata",))
    for name, body in source.data.get("Resources", {}).items():
        if isinstance(body, dict):
            yield from _in_metadata(source, body.get("Metadata"), name, ("Resources", name, "Metadata"))


def _in_metadata(source: Source, metadata: Any, resource: str | None, path: tuple[str, ...]) -> Iterator[Suppression]:
    if not isinstance(metadata, Mapping):
        return
    for key, tool in _KEYS.items():
        if key in metadata:
            span = source.span((*path, key))
            text = f"{key}: {metadata[key]}"
            yield Suppression(
                tool=tool,
                text=text if len(text) < 200 else f"{text[:197]}...",
                resource=resource,
                line=span.line if span else None,
            )


def _comments(source: Source) -> Iterator[Suppression]:
    for number, line in enumerate(source.text.splitlines(), start=1):
        if "#" in line and (found := _COMMENT.search(line)):
            yield Suppression(tool=found["tool"].lower(), text=found["text"].strip(), resource=None, line=number)
