"""Where SARIF results stand, and what tells one from another although lines move."""

import hashlib
import json
from pathlib import PurePath, PureWindowsPath
from typing import Any
from urllib.parse import quote

from stackproof.findings.report import Finding, Waiver
from stackproof.reporters._text import plain, source_text
from stackproof.reporters._view import pointer

Json = dict[str, Any]


def uri(path: str) -> Json:
    """A file's location: relative to the root of the sources, or a `file:` URI for an absolute path."""
    windows = PureWindowsPath(path)
    if windows.drive or "\\" in path:
        return {"uri": windows.as_uri()} if windows.is_absolute() else _relative(windows.as_posix())
    pure = PurePath(path)
    # quoted by hand: a path may hold halves of surrogate pairs (bytes that are no UTF-8), which as_uri refuses
    return {"uri": "file://" + _quoted(pure.as_posix())} if pure.is_absolute() else _relative(pure.as_posix())


def _relative(path: str) -> Json:
    return {"uri": _quoted(path), "uriBaseId": "%SRCROOT%"}


def _quoted(path: str) -> str:
    return quote(path, safe="/", errors="surrogatepass")


def locations(template: str, finding: Finding) -> list[Json]:
    """The one place of a finding: file, line and column as far as they are known, and the logical id and path."""
    place: Json = {"artifactLocation": uri(finding.file or template)}
    if finding.line is not None:
        place["region"] = _region(finding, finding.line)
        if finding.excerpt:
            numbers = [number for number, _ in finding.excerpt]
            text = source_text("\n".join(text for _, text in finding.excerpt))
            if min(numbers) >= 1:
                place["contextRegion"] = {
                    "startLine": min(numbers),
                    "endLine": max(numbers),
                    "snippet": {"text": text},
                }
    location: Json = {"physicalLocation": place}
    if logical := _logical(finding):
        location["logicalLocations"] = [logical]
    return [location]


def _region(finding: Finding, line: int) -> Json:
    region: Json = {"startLine": line}
    if finding.column is not None:
        region["startColumn"] = finding.column
    text = dict(finding.excerpt).get(line)
    if text is not None:
        region["snippet"] = {"text": source_text(text)}
    return region


def _logical(finding: Finding) -> Json | None:
    if finding.resource in (None, "*"):
        return None
    return {
        "name": plain(finding.resource or ""),
        "fullyQualifiedName": plain(pointer(finding.path) or f"Resources/{finding.resource}"),
        "kind": "resource",
    }


def waiver_location(waiver: Waiver) -> Json:
    """Where a waiver stands."""
    return {"physicalLocation": {"artifactLocation": uri(waiver.file), "region": {"startLine": waiver.line}}}


def fingerprint(template: str, finding: Finding) -> str:
    """The same for the same fault whatever lines stand above it, and whichever engines have found it."""
    identity = [template, finding.file, finding.control, finding.resource, pointer(finding.path), finding.when]
    return hashlib.sha256(json.dumps(identity).encode("ascii")).hexdigest()[:32]
