"""Where the policies that come with stackproof are."""

from pathlib import Path

from stackproof.errors import StackproofError

_PACKAGE = Path(__file__).resolve().parents[1]


def default_policies(package: Path = _PACKAGE) -> Path:
    """The policies folder inside the installed package, else the repository's (editable install); never one of the
    current folder. `package` is the folder of the package `stackproof`.

    Raises: StackproofError when neither is there.
    """
    inside = package / "policies"
    repository = package.parents[1] / "policies"
    if inside.is_dir():
        return inside
    if package.parent.name == "src" and repository.is_dir():
        return repository
    raise StackproofError(
        f"The policies are missing: neither {inside} nor a repository's policies folder is there. Install stackproof"
        " anew, or name a folder with --policies."
    )
