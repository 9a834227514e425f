"""cfn-guard: one binary out of a wheel, or the same version from PATH."""

import functools
import hashlib
import io
import platform
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup import pip
from stackproof.engines.setup.model import Installed, Progress

# The wheel carries AWS's own static builds, for jsii, in an npm package. It depends on aws-cdk-lib, which nobody needs
# for the binary, so it is downloaded alone. To move to another version: `pip download --no-deps` the wheel, write its
# sha256 here, unpack the .tgz in it and write the sha256 of package/bin/*/*/cfn-guard below.
_WHEEL = "cdklabs.cdk-validator-cfnguard==0.0.62"
_WHEEL_SHA256 = "83c9c9a086de47637611f414ca90200db97e7b8cd3c4a69475b5f81034bd4b45"
_BINARIES = {
    ("Linux", "x86_64"): ("ubuntu/x86_64", "9c7a820318676dc7372f6756ddfc7ca5f0c019299fb5505fda6dfd54718c58bd"),
    ("Linux", "aarch64"): ("ubuntu/aarch64", "f596043df77b6e839759e90e3d08671b5384c6e07d4a9c34f6d0bfbc76148154"),
    ("Darwin", "x86_64"): ("macos/x86_64", "3e8118e3c4cd98901b3a21b7037a40674023945349ad4661f1a7101f2d96c31f"),
    ("Darwin", "aarch64"): ("macos/aarch64", "89e97faaabb5431bc16d0487b5c8e67573e3f84e397b87985bfb02c2bdd4f46a"),
}


class GuardRecipe:
    """cfn-guard as pinned above."""

    name = "cfn-guard"
    version = "3.1.1"
    origin = f"the wheel {_WHEEL}"

    def folder(self) -> str:
        """By version, wheel and platform."""
        digest = hashlib.sha256(f"{_WHEEL_SHA256} {_platform()}".encode()).hexdigest()
        return f"cfn-guard-{self.version}-{digest[:12]}"

    def entry(self) -> str:
        """The binary."""
        return "cfn-guard"

    def elsewhere(self) -> Installed | None:
        """A cfn-guard on PATH, if it is exactly this version."""
        path = shutil.which("cfn-guard")
        if path and _version(path) == self.version:
            return Installed(path=Path(path), version=self.version, origin="PATH")
        return None

    def build(self, target: Path, progress: Progress) -> Mapping[str, str]:
        """Download the wheel and unpack the one binary for this machine."""
        what = f"cfn-guard {self.version}"
        if _platform() not in _BINARIES:
            raise EngineFailure(
                f"{what} has no binary for {' '.join(_platform())}: put a cfn-guard of this version on PATH "
                "(it can be built with cargo), then run `stackproof engines`."
            )
        progress(f"{what}: downloading")
        with tempfile.TemporaryDirectory() as scratch:
            requirements = Path(scratch, "requirements.txt")
            requirements.write_text(f"{_WHEEL} --hash=sha256:{_WHEEL_SHA256}\n", "utf-8")
            python = pip.python_with_pip(Path(scratch, "environment"))
            into = ["--dest", scratch, "--no-binary=:none:", "-r", str(requirements)]
            pip.run(python, ["download", *into], what, lambda _: None)
            (wheel,) = Path(scratch).glob("*.whl")
            progress(f"{what}: unpacking")
            content = _unpack(wheel)
        if (fault := _fault(content)) is not None:
            raise EngineFailure(f"{what} can't be used: {fault}. Nothing was installed; please report it.")
        (target / self.entry()).write_bytes(content)
        (target / self.entry()).chmod(0o755)
        return {}

    def faults(self, target: Path, facts: Mapping[str, str]) -> list[str]:
        """Whether the binary is still the pinned one."""
        fault = _fault((target / self.entry()).read_bytes())
        return [] if fault is None else [fault]


def _platform() -> tuple[str, str]:
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(platform.machine().lower(), platform.machine())
    return platform.system(), machine


def _unpack(wheel: Path) -> bytes:
    folder, _ = _BINARIES[_platform()]
    with zipfile.ZipFile(wheel) as archive:
        packages = [name for name in archive.namelist() if name.endswith(".jsii.tgz")]
        package = archive.read(packages[0]) if packages else b""
    try:
        with tarfile.open(fileobj=io.BytesIO(package)) as inner:
            file = inner.extractfile(f"package/bin/{folder}/cfn-guard")
            return file.read() if file else b""
    except (tarfile.TarError, KeyError):
        return b""


def _fault(content: bytes) -> str | None:
    _, expected = _BINARIES[_platform()]
    found = hashlib.sha256(content).hexdigest()
    return None if found == expected else f"the binary's sha256 is {found} and not the pinned {expected}"


@functools.cache
def _version(path: str) -> str | None:
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False, stdin=subprocess.DEVNULL
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.match(r"cfn-guard (\S+)", said)
    return found.group(1) if found else None
