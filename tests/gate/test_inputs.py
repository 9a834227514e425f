"""What the gate judges: environments, `--as`, files that speak of a stack, variants of undecided conditions."""

import os
from pathlib import Path

import pytest

from stackproof.gate.inputs import gather

TEMPLATE = """\
Parameters:
  Size: {Type: String, Default: small}
Conditions:
  Large: !Equals [!Ref Size, large]
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Queue: {Type: AWS::SQS::Queue, Condition: Large}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    (tmp_path / "environments").mkdir()
    return tmp_path


def environment(home: Path, name: str, size: str, template: str = "t.yaml") -> None:
    text = f"template-file-path: {template}\nparameters:\n  Size: {size}\n"
    (home / "environments" / f"{name}.yaml").write_text(text)


def judged(
    home: Path, *environments: str, like: Path | None = None, name: str = "t.yaml"
) -> dict[str | None, list[str]]:
    inputs = gather([str(home / name)], environments=environments, like=str(like) if like else None)
    assert not inputs.problems
    return {one.name: [*one.subjects[0].template.resources] for one in inputs.stacks[0].judged}


def test_without_environments_a_template_is_judged_with_its_own_defaults(home: Path) -> None:
    assert judged(home) == {None: ["Topic"]}


def test_every_environment_of_the_template_is_judged_and_no_other(home: Path) -> None:
    environment(home, "dev", "small")
    environment(home, "prod", "large")
    (home / "other.yaml").write_text(TEMPLATE)
    environment(home, "other", "large", "other.yaml")
    assert judged(home) == {"dev": ["Topic"], "prod": ["Topic", "Queue"]}


def test_one_environment_by_name_or_by_file(home: Path) -> None:
    environment(home, "dev", "small")
    environment(home, "prod", "large")
    assert judged(home, "prod") == {"prod": ["Topic", "Queue"]}
    assert judged(home, str(home / "environments" / "dev.yaml")) == {"dev": ["Topic"]}
    left_out = gather([str(home / "t.yaml")], environments=["prod"]).left_out
    assert left_out == ("environments that --environment does not name",)


@pytest.mark.parametrize("suffix", ["yml", "json"])
def test_an_environment_may_have_another_suffix(home: Path, suffix: str) -> None:
    (home / "environments" / f"prod.{suffix}").write_text(
        '{"template-file-path": "t.yaml", "parameters": {"Size": "large"}}'
    )
    assert judged(home) == {"prod": ["Topic", "Queue"]}


def test_as_needs_a_template_that_is_there(home: Path) -> None:
    (problem,) = gather([str(home / "t.yaml")], like=str(home / "tt.yaml")).problems
    assert "--as names a template" in problem.message
    assert problem.exit_code == 2


def test_as_takes_another_templates_environments(home: Path) -> None:
    environment(home, "prod", "large")
    (home / "changed.yaml").write_text(TEMPLATE + "  Other: {Type: AWS::SNS::Topic}\n")
    assert judged(home, name="changed.yaml") == {None: ["Topic", "Other"]}
    assert judged(home, name="changed.yaml", like=home / "t.yaml") == {"prod": ["Topic", "Queue", "Other"]}


def test_a_condition_without_a_value_is_judged_both_ways(home: Path) -> None:
    (home / "t.yaml").write_text(TEMPLATE.replace(", Default: small", ""))
    (stack,) = gather([str(home / "t.yaml")]).stacks
    subjects = stack.judged[0].subjects
    assert [dict(s.template.variant) for s in subjects] == [{"Large": True}, {"Large": False}]
    assert len({s.key for s in subjects}) == 2


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda home: environment(home, "prod", "[1, {}]"), "parameter"),
        (lambda home: (home / "environments" / "prod.yaml").write_text("- 1"), "no deployment file"),
        (lambda home: environment(home, "prod", "large\n  Sise: large"), "Sise"),
        (lambda home: (home / "waivers.yaml").write_text("waivers: []"), "which template it speaks of"),
        (lambda home: (home / "waivers.yaml").write_text("template: t.yaml\nwaivers: {}"), "with a list of waivers"),
        (lambda home: (home / "access.yaml").write_text("template: ["), "access.yaml"),
        (
            lambda home: (home / "access.yaml").write_text("template: t.yml\ninvariants: []"),
            "t.yml, which is not",
        ),
        (lambda home: (home / "access.yaml").write_text('template: "t.yaml\\0"\ninvariants: []'), "which is not there"),
        (lambda home: (home / "waivers.yaml").symlink_to("nowhere"), "waivers.yaml: cannot be read"),
        (lambda home: os.mkfifo(home / "environments" / "prod.yaml"), "no regular file"),
        (lambda home: environment(home, "prod", "large\n  Size: small"), "the key 'Size' stands twice"),
        (lambda home: environment(home, "prod", "&a large\ntags: {Size: *a}"), "YAML alias"),
    ],
)
def test_what_is_said_about_a_stack_and_is_wrong_is_a_sentence_and_exit_2(
    home: Path, change: object, said: str
) -> None:
    change(home)  # type: ignore[operator]
    inputs = gather([str(home / "t.yaml")])
    assert inputs.stacks == ()
    (problem,) = inputs.problems
    assert problem.exit_code == 2
    assert said in problem.message


def test_an_environment_that_does_not_exist_is_named(home: Path) -> None:
    environment(home, "dev", "small")
    (problem,) = gather([str(home / "t.yaml")], environments=["prodd"]).problems
    assert "has no environment 'prodd'; it has: dev" in problem.message


def test_the_same_template_twice_is_judged_once(home: Path) -> None:
    assert len(gather([str(home / "t.yaml")] * 2).stacks) == 1
