"""An engine is made once, whole or not at all, whoever else is at it."""

import fcntl
import json
import os
import threading
from pathlib import Path

import pytest

from stackproof.engines import setup
from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup.model import Installed


def test_engine_is_made_once_and_told(fake, home: Path) -> None:
    told: list[str] = []
    first = setup.ensure("fake", told.append)
    assert first == Installed(path=home / "fake-1.0-0123" / "run", version="1.0", origin="a test")
    assert told == ["fake 1.0: building", "fake 1.0: ready"]
    assert setup.ensure("fake", told.append) == first
    assert fake.made == 1
    assert [path.name for path in home.iterdir()] == ["fake.lock", "fake-1.0-0123"] or sorted(
        path.name for path in home.iterdir()
    ) == ["fake-1.0-0123", "fake.lock"]


def test_nothing_is_made_to_find(fake, home: Path) -> None:
    assert setup.find("fake") is None
    (status,) = setup.status()
    assert (status.name, status.version, status.installed, status.intact) == ("fake", "1.0", None, None)
    assert setup.verify("fake") == status
    assert (fake.made, home.exists()) == (0, False)


def test_interrupted_set_up_leaves_nothing_that_counts(fake, home: Path) -> None:
    def interrupt(_: Path) -> None:
        raise KeyboardInterrupt

    fake.before = interrupt
    with pytest.raises(KeyboardInterrupt):
        setup.ensure("fake")
    assert [path.name for path in home.iterdir()] == ["fake.lock"]
    fake.before = lambda _: None
    assert setup.ensure("fake").version == "1.0"


@pytest.mark.parametrize("stamp", [None, "", "{", "[]", '{"version": "1.0"}'])
def test_folder_that_was_not_finished_is_made_anew(fake, home: Path, stamp: str | None) -> None:
    half = home / "fake-1.0-0123"
    half.mkdir(parents=True)
    (half / "run").write_text("half")
    (half / "run").chmod(0o755)
    (home / ".fake-killed").mkdir()
    if stamp is not None:
        (half / "stackproof.json").write_text(stamp)
    assert setup.find("fake") is None
    assert setup.ensure("fake").path.read_text() == "#!/bin/sh\n"
    assert sorted(path.name for path in home.iterdir()) == ["fake-1.0-0123", "fake.lock"]


def test_engine_whose_python_is_gone_is_made_anew(fake, home: Path) -> None:
    path = setup.ensure("fake").path
    path.unlink()
    path.symlink_to(home / "removed")
    assert setup.find("fake") is None
    assert setup.ensure("fake").path.read_text() == "#!/bin/sh\n"
    assert fake.made == 2


def test_two_that_want_it_at_once_make_it_once(fake, home: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def wait(_: Path) -> None:
        inside.set()
        assert go_on.wait(10)

    fake.before = wait
    waiting = threading.Event()
    told: list[str] = []

    def tell(line: str) -> None:
        told.append(line)
        waiting.set()

    found: list[Installed] = []
    first = threading.Thread(target=lambda: found.append(setup.ensure("fake")))
    second = threading.Thread(target=lambda: found.append(setup.ensure("fake", tell)))
    first.start()
    assert inside.wait(10)
    second.start()
    assert waiting.wait(10)
    go_on.set()
    first.join(10)
    second.join(10)
    assert told == ["fake 1.0: waiting for another process that is setting it up"]
    assert fake.made == 1
    assert found[0] == found[1]


def test_lock_of_a_process_that_died_holds_nobody(fake, home: Path) -> None:
    home.mkdir()
    if (child := os.fork()) == 0:
        fcntl.flock((home / "fake.lock").open("w"), fcntl.LOCK_EX)
        os._exit(0)
    os.waitpid(child, 0)
    assert setup.ensure("fake").version == "1.0"


def test_changed_engine_is_told(fake) -> None:
    path = setup.ensure("fake").path
    assert setup.verify("fake").intact is True
    path.write_text("#!/bin/sh\nevil\n")
    (status,) = setup.status(check=True)
    assert (status.intact, status.faults) == (False, ("run was changed",))


def test_engine_from_elsewhere_serves(fake, home: Path, tmp_path: Path) -> None:
    fake.found = Installed(path=tmp_path / "bin" / "run", version="1.0", origin="PATH")
    assert setup.ensure("fake") == fake.found
    assert (fake.made, home.exists()) == (0, False)
    assert setup.verify("fake").intact is None


def test_unknown_engine_names_those_that_there_are(fake) -> None:
    with pytest.raises(EngineFailure, match="there is no engine nope to set up; there are: fake"):
        setup.ensure("nope")


def test_home_that_is_a_file_is_told(fake, home: Path) -> None:
    home.write_text("")
    with pytest.raises(
        EngineFailure, match=r"fake 1\.0 is not installed and .*home can't be written to: .*STACKPROOF_HOME"
    ):
        setup.ensure("fake")


def test_full_disk_is_told(fake, home: Path) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    fake.before = full
    with pytest.raises(
        EngineFailure, match=r"fake 1\.0 can't be set up in .*: No space left on device.*STACKPROOF_HOME"
    ):
        setup.ensure("fake")
    assert [path.name for path in home.iterdir()] == ["fake.lock"]


def test_stamp_says_what_was_made(fake, home: Path) -> None:
    setup.ensure("fake")
    stamp = json.loads((home / "fake-1.0-0123" / "stackproof.json").read_text())
    assert stamp == {"name": "fake", "version": "1.0", "origin": "a test", "facts": {"text": "#!/bin/sh\n"}}
