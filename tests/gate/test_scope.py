import pytest

from stackproof.errors import StackproofError
from stackproof.gate.scope import select
from tests.gate.parts import catalogue


def test_everything_is_complete() -> None:
    chosen = select(catalogue())
    assert chosen.scope.complete
    assert chosen.rules == {
        "cfn-lint": ("E",),
        "cfn-guard": ("versioning",),
        "checkov": ("CKV_AWS_21",),
        "graph": ("topic_key",),
    }


def test_an_area_takes_its_controls_and_their_engines() -> None:
    chosen = select(catalogue(), areas=["encryption"])
    assert (chosen.rules, chosen.controls) == ({"graph": ("topic_key",)}, {"topic-key"})
    assert "control versioning" in chosen.scope.left_out


def test_fast_leaves_out_the_slow_engines_and_says_so() -> None:
    chosen = select(catalogue(), fast=True)
    assert set(chosen.rules) == {"cfn-guard", "graph"}
    assert {"engine cfn-lint", "engine checkov"} <= set(chosen.scope.left_out)
    assert not chosen.scope.complete


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"controls": ["versioninng"]}, "Did you mean versioning"),
        ({"areas": ["encyption"]}, "the areas are"),
        ({"engines": ["guard"]}, "the engines are"),
        ({"controls": ["versioning"], "engines": ["graph"]}, "Nothing is left"),
        ({"engines": ["checkov"], "fast": True}, ""),
    ],
)
def test_a_wrong_narrowing_is_refused(options: dict[str, object], said: str) -> None:
    if not said:
        assert set(select(catalogue(), **options).rules) == {"checkov"}  # type: ignore[arg-type]
        return
    with pytest.raises(StackproofError, match=said) as told:
        select(catalogue(), **options)  # type: ignore[arg-type]
    assert told.value.exit_code == 2
