"""Importing the chosen checks, and as little else of checkov as can be."""

import glob
import importlib
import importlib.util
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

RESOURCE_CHECKS = "checkov.cloudformation.checks.resource"
_FEATURES = "checkov.common.bridgecrew.integration_features"
# Packages whose __init__ imports hundreds of checks, or the client of checkov's platform: entered without it.
_ENTERED = (
    "checkov.cloudformation",
    "checkov.cloudformation.checks",
    RESOURCE_CHECKS,
    f"{RESOURCE_CHECKS}.aws",
    _FEATURES,
    f"{_FEATURES}.features",
)


def stand_in() -> str:
    """Put light modules in place of the heavy ones that the checks never use; the folder of checkov's package."""
    spec = importlib.util.find_spec("checkov")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("checkov is not in this environment")
    base = next(iter(spec.submodule_search_locations))
    for name in _ENTERED:
        package = ModuleType(name)
        package.__path__ = [os.path.join(base, *name.split(".")[1:])]
        sys.modules[name] = package
    # The platform's names of checks, asked for when suppressions are collected, which nobody does here.
    metadata = ModuleType(f"{_FEATURES}.features.policy_metadata_integration")
    metadata.integration = SimpleNamespace(bc_to_ckv_id_mapping={}, check_metadata={})  # type: ignore[attr-defined]
    sys.modules[metadata.__name__] = metadata
    sys.modules["hcl2"] = ModuleType("hcl2")  # Terraform's parser, in a module of which one regular expression is used
    return base


def counted(registry: Any) -> Counter[str]:
    """How many checks of each id were registered from now on: checkov keeps one of them and drops the others."""
    made: Counter[str] = Counter()
    register = registry.register

    def count(check: Any) -> None:
        made[check.id] += 1
        register(check)

    registry.register = count
    return made


def built_in(base: str, wanted: list[str]) -> Iterator[str]:
    """Import the files of checkov's that hold the wanted ids; a sentence for each that can't be."""
    for path in sorted(glob.glob(os.path.join(base, "cloudformation", "checks", "resource", "aws", "*.py"))):
        with open(path, encoding="utf-8") as file:
            ids = set(re.findall(r"CKV\w*_\d+", file.read()))
        if ids.isdisjoint(wanted):
            continue
        name = os.path.basename(path).removesuffix(".py")
        try:
            importlib.import_module(f"{RESOURCE_CHECKS}.aws.{name}")
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, it is reported)
            yield f"{', '.join(sorted(ids.intersection(wanted)))} can't be imported: {type(error).__name__}: {error}"


def custom(folder: str | None) -> Iterator[str]:
    """Import every file of a folder of custom checks, as checkov would; a sentence for each that can't be.

    Files whose name starts with an underscore are helpers of the others.
    """
    if folder is None:
        return
    sys.path.insert(1, folder)
    for path in sorted(glob.glob(os.path.join(folder, "[!_]*.py"))):
        name = os.path.basename(path).removesuffix(".py")
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            yield f"{os.path.basename(path)} can't be imported"
            continue
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except (Exception, SystemExit) as error:  # noqa: BLE001 (whatever it is, it is reported)
            yield f"{os.path.basename(path)} can't be imported: {type(error).__name__}: {error}"
