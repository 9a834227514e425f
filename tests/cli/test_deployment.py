"""Deployment files, and the options that they become."""

import shlex
from pathlib import Path

import pytest

from stackproof import deployment
from stackproof.errors import StackproofError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template" / "environments").mkdir(parents=True)
    (tmp_path / "template" / "stack.yaml").write_text("Resources: {}\n")
    return tmp_path


def write(folder: Path, text: str, name: str = "dev.yaml") -> Path:
    path = folder / "template" / "environments" / name
    path.write_text(text)
    return path


GOOD = """
template-file-path: template/stack.yaml
parameters: {Name: it's "quoted" & more, Count: 3, List: [a, b]}
tags: {Owner: payments team}
"""


def test_values_survive_the_shell(folder: Path) -> None:
    path = write(folder, GOOD)
    assert shlex.split(deployment.deploy_arguments(deployment.load(path))) == [
        "--parameter-overrides",
        'Name=it\'s "quoted" & more',
        "Count=3",
        "List=a,b",
        "--tags",
        "Owner=payments team",
    ]


def test_environments_are_found_beside_their_template(folder: Path) -> None:
    write(folder, GOOD)
    write(folder, GOOD, "prod.yaml")
    (folder / "template" / "other.yaml").write_text("Resources: {}\n")
    write(folder, "template-file-path: template/other.yaml\n", "other.yaml")
    template = folder / "template" / "stack.yaml"
    assert [d.name for d in deployment.beside(template)] == ["dev", "prod"]
    chosen = deployment.choose(template, "prod")
    assert chosen is not None
    assert chosen.name == "prod"


def test_an_unknown_environment_names_those_there_are(folder: Path) -> None:
    write(folder, GOOD)
    with pytest.raises(StackproofError, match="no environment 'stage'; it has: dev"):
        deployment.choose(folder / "template" / "stack.yaml", "stage")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: [", "not readable as YAML"),
        ("just text", "template-file-path"),
        ("template-file-path: template/none.yaml", "none.yaml"),
        ("template-file-path: template/stack.yaml\nparameter: {}", "parameter"),
        ("template-file-path: template/stack.yaml\nparameters: [a]", "mapping"),
        ("template-file-path: template/stack.yaml\nparameters: {A: true}", "parameters.A"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, text: str, named: str) -> None:
    with pytest.raises(StackproofError) as error:
        deployment.load(write(folder, text))
    assert named in str(error.value)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(StackproofError, match="No such file"):
        deployment.load(tmp_path / "none.yaml")


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_own_environments_load(root: Path, name: str) -> None:
    loaded = deployment.load(root / "template" / "environments" / f"{name}.yaml")
    assert loaded.template == (root / "template" / "stack.yaml").resolve()
    assert loaded.parameters["EnvironmentName"] == name
