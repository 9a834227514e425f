import fnmatch
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.graph.wildcards import covers


@given(pattern=st.text(alphabet="ab*?", max_size=8), text=st.text(alphabet="ab*?", max_size=8))
def test_it_is_what_a_shell_would_say(pattern: str, text: str) -> None:
    assert covers(pattern, text) is fnmatch.fnmatchcase(text, pattern)


@pytest.mark.parametrize("sign", ["[", "]", ".", "(", "\n", "\\", "$"])
def test_other_signs_are_themselves(sign: str) -> None:
    assert covers(f"a{sign}*", f"a{sign}b")
    assert not covers(f"a{sign}", "ab")


def test_a_pattern_that_would_take_for_ever_takes_no_time() -> None:
    start = time.perf_counter()
    assert not covers("*a" * 500 + "*b", "a" * 2000)
    assert time.perf_counter() - start < 5
