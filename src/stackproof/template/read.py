"""Read a template file: everything hostile is refused here with a sentence, before anything else looks at it."""

import hashlib
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stackproof.template.document import parse
from stackproof.template.errors import TemplateError
from stackproof.template.model import Source

MAX_BYTES = 1_000_000  # CloudFormation quotas: a template in S3; inline only 51,200 bytes
_MAPPINGS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Rules")


def read(path: str | Path) -> Source:
    """The template at `path`.

    Raises: TemplateError (exit code 2) that says what is wrong with it, where, and how to mend it.
    """
    return source(read_text(Path(path)), str(path))


def read_text(path: Path, what: str = "a template") -> str:
    """The text of a template file (or of another file that people write, `what`), within CloudFormation's limit.

    Raises: TemplateError when it is missing, no regular file, too large or not UTF-8.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise TemplateError(f"{path}: this is a folder; name {what} in it.")
        if not stat.S_ISREG(status.st_mode):
            raise TemplateError(f"{path}: this is no regular file; write {what} to a file and name that.")
        if status.st_size > MAX_BYTES:
            raise TemplateError(
                f"{path}: {status.st_size} bytes; CloudFormation takes at most {MAX_BYTES}, from S3. Split the stack."
            )
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # a file in /proc tells no size
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise TemplateError(f"{path}: cannot be read as {what}: {reason}.") from None
    if len(data) > MAX_BYTES:
        raise TemplateError(f"{path}: over {MAX_BYTES} bytes, more than CloudFormation takes. Split the stack.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{path}: cannot be read as {what}: not UTF-8 at byte {error.start}.") from None


def source(text: str, path: str) -> Source:
    """The template in `text`; `path` is what errors and findings name.

    Raises: TemplateError.
    """
    try:
        data, spans = parse(text)
        _check(data)
    except TemplateError as error:
        raise TemplateError(f"{path}: {error}") from None
    except (RecursionError, ValueError) as error:
        raise TemplateError(f"{path}: cannot be read as a template: {error}") from None
    return Source(path=path, text=text, sha256=hashlib.sha256(text.encode()).hexdigest(), data=data, spans=spans)


def _check(data: Any) -> None:
    if not isinstance(data, dict):
        raise TemplateError(f"no template: the document is {_kind(data)}, not a mapping with Resources.")
    for name in _MAPPINGS:
        if not isinstance(data.get(name, {}), dict):
            raise TemplateError(f"{name} must be a mapping, not {_kind(data[name])}.")
    resources: Mapping[str, Any] = data.get("Resources", {})
    if not resources:
        hint = "" if "Resources" in data else " (the section Resources is missing)"
        raise TemplateError(f"no Resources: CloudFormation needs at least one{hint}.")
    for name, body in resources.items():
        if name.startswith("Fn::ForEach::") or name == "Fn::Transform":
            continue
        if not isinstance(body, dict):
            raise TemplateError(f"resource {name} must be a mapping, not {_kind(body)}.")
        if not isinstance(body.get("Type"), str):
            raise TemplateError(f"resource {name}: Type is missing or no text.")
        if not isinstance(body.get("Properties", {}), dict):
            raise TemplateError(f"resource {name}: Properties must be a mapping, not {_kind(body['Properties'])}.")
    for name, body in data.get("Parameters", {}).items():
        if not isinstance(body, dict):
            raise TemplateError(f"parameter {name} must be a mapping, not {_kind(body)}.")


def _kind(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case list():
            return "a list"
        case dict():
            return "a mapping"
        case str():
            return "a text"
        case _:
            return f"the value {value!r}"
