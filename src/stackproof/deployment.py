"""Deployment files: an environment's template path, parameters and tags.

The format is CloudFormation's own (Git sync deployment file: `template-file-path`, `parameters`, `tags`); the AWS CLI's
`deploy` does not read it, so `deploy_arguments` turns it into the options that it does read.
"""

import shlex
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackproof.errors import StackproofError
from stackproof.template.document import parse
from stackproof.template.errors import TemplateError
from stackproof.template.read import read_text

_SUFFIXES = {".yaml", ".yml", ".json"}
_KEYS = {"template-file-path", "parameters", "tags"}


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """One environment of a template. `name` is the file's stem; parameters and tags are text, as CloudFormation takes
    them."""

    name: str
    path: Path
    template: Path
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def load(path: Path) -> Deployment:
    """Read a deployment file.

    Raises: StackproofError that says what is wrong with it.
    """
    try:
        text = read_text(path, "a deployment file")
    except TemplateError as error:
        raise StackproofError(f"{error} Name one such as environments/dev.yaml.") from None
    try:
        data, _ = parse(text)
    except (TemplateError, ValueError) as error:
        raise StackproofError(f"{path}: no deployment file, not readable as YAML: {error}") from None
    if not isinstance(data, dict) or "template-file-path" not in data:
        raise StackproofError(f"{path}: no deployment file; it needs the key template-file-path.")
    if unknown := set(data) - _KEYS:
        raise StackproofError(f"{path}: unknown keys {', '.join(sorted(map(str, unknown)))}; it takes {sorted(_KEYS)}.")
    return Deployment(
        name=path.stem,
        path=path,
        template=_template(path, str(data["template-file-path"])),
        parameters=_texts(path, "parameters", data.get("parameters")),
        tags=_texts(path, "tags", data.get("tags")),
    )


def beside(template: Path) -> list[Deployment]:
    """The environments of a template: the deployment files in `environments/` beside it that name it."""
    folder = template.parent / "environments"
    files = sorted(path for path in folder.glob("*") if path.suffix in _SUFFIXES) if folder.is_dir() else []
    found = [load(path) for path in files]
    return [deployment for deployment in found if deployment.template == template.resolve()]


def choose(template: Path, environment: str | None) -> Deployment | None:
    """The environment of that name (or deployment file of that path); without a name the first one, if there is any.

    Raises: StackproofError when there is none of that name.
    """
    known = beside(template)
    if environment is None:
        return known[0] if known else None
    for deployment in known:
        if deployment.name == environment:
            return deployment
    if Path(environment).is_file():
        return load(Path(environment))
    names = ", ".join(d.name for d in known) or "none"
    raise StackproofError(f"{template} has no environment {environment!r}; it has: {names}.")


def deploy_arguments(deployment: Deployment) -> str:
    """The options for `aws cloudformation deploy`, quoted for a POSIX shell."""
    options = []
    if deployment.parameters:
        options += ["--parameter-overrides", *(f"{k}={v}" for k, v in deployment.parameters.items())]
    if deployment.tags:
        options += ["--tags", *(f"{k}={v}" for k, v in deployment.tags.items())]
    return shlex.join(options)


def _template(path: Path, named: str) -> Path:
    """The path is given from the folder that the command runs in (the repository), or from the file's own folder."""
    for base in (path.resolve().parent, *path.resolve().parents):
        if (base / named).is_file():
            return (base / named).resolve()
    raise StackproofError(f"{path}: its template {named} is not found in any folder above it.")


def _texts(path: Path, section: str, data: Any) -> dict[str, str]:
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise StackproofError(f"{path}: {section} must be a mapping of names to values.")
    for name, value in data.items():
        if any(isinstance(part, bool | dict | list) or part is None for part in _parts(value)):
            raise StackproofError(f"{path}: {section}.{name} must be text; write it in quotes.")
    return {
        str(name): ",".join(map(str, value)) if isinstance(value, list) else str(value) for name, value in data.items()
    }


def _parts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
