"""`stackproof engines`: what is there, whole or not, in 80 columns without colour."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from stackproof.cli.engines import command
from stackproof.engines.protocol import EngineFailure
from stackproof.engines.setup.model import Installed


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, [*arguments, "--quiet"], catch_exceptions=False)


def rows(result: Result) -> list[list[str]]:
    assert all(len(line) <= 80 for line in result.stdout.splitlines())
    assert "\x1b" not in result.stdout
    return [line.rstrip().split(maxsplit=3) for line in result.stdout.splitlines()[:2]]


def test_engine_is_installed_and_told(fake, home: Path) -> None:
    result = run()
    assert result.exit_code == 0
    assert rows(result) == [["engine", "version", "state", "from"], ["fake", "1.0", "there", "a test"]]
    assert fake.made == 1
    assert str(home) in result.stdout.replace("\n", "")


def test_offline_installs_nothing(fake) -> None:
    result = run("--offline")
    assert result.exit_code == 3
    assert rows(result)[1] == ["fake", "1.0", "missing", "-"]
    assert result.stderr == "stackproof: fake not installed. Run `stackproof engines` where packages can be had.\n"
    assert fake.made == 0


def test_whole_engine_is_intact(fake) -> None:
    result = run("--verify")
    assert (result.exit_code, rows(result)[1]) == (0, ["fake", "1.0", "intact", "a test"])


def test_changed_engine_is_broken(fake, home: Path) -> None:
    run()
    (home / "fake-1.0-0123" / "run").write_text("evil")
    assert run().exit_code == 0  # nobody looked
    result = run("--verify")
    assert result.exit_code == 3
    assert rows(result)[1] == ["fake", "1.0", "changed", "a test"]
    assert "fake: run was changed" in result.stdout
    assert "Remove its folder" in result.stderr


def test_long_list_of_changes_is_cut_short(fake, monkeypatch: pytest.MonkeyPatch) -> None:
    run()
    monkeypatch.setattr(fake, "faults", lambda target, facts: [f"file {number} was changed" for number in range(200)])
    result = run("--verify")
    assert "fake: and 190 more" in result.stdout
    assert "file 10 " not in result.stdout


def test_engine_that_can_not_be_installed_is_told(fake) -> None:
    def fails(_: Path) -> None:
        raise EngineFailure("fake 1.0 is not installed and pip could not get it: no network")

    fake.before = fails
    result = run()
    assert result.exit_code == 3
    assert rows(result)[1] == ["fake", "1.0", "missing", "-"]
    assert result.stderr == "stackproof: fake 1.0 is not installed and pip could not get it: no network\n"


def test_engine_from_path_says_so(fake, tmp_path: Path) -> None:
    fake.found = Installed(path=tmp_path / "fake", version="1.0", origin="PATH [of the user]")
    assert rows(run("--offline"))[1] == ["fake", "1.0", "there", "PATH [of the user]"]


def test_progress_is_told_on_the_error_output(fake) -> None:
    result = CliRunner().invoke(command, [], catch_exceptions=False)
    assert "fake 1.0: building" in result.stderr
    assert "building" not in result.stdout


def test_help_has_examples_and_exit_codes() -> None:
    said = CliRunner().invoke(command, ["--help"]).stdout
    assert "stackproof engines --verify" in said
    assert "Exit codes: 0" in said
