"""Odd shapes give nothing, what is not known is never taken for something."""

import pytest

from stackproof.graph.values import found, is_true, items, known, mapping, number, text, texts, there
from stackproof.template.model import Resource, Unknown, UnknownValueError

NOT_KNOWN = Unknown("parameter P has no value")
ODD = [None, True, 3, 1.5, "x", [], ["x"], {}, {"a": 1}, [[]], "{", "{}"]


@pytest.mark.parametrize("read", [known, items, mapping, text, number, texts, is_true])
def test_what_is_not_known_is_never_read(read) -> None:
    with pytest.raises(UnknownValueError, match="parameter P has no value"):
        read(NOT_KNOWN)


@pytest.mark.parametrize("read", [items, mapping, text, number, texts, is_true])
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_shapes_are_read(read, value) -> None:
    read(value)


def test_items() -> None:
    assert (items(None), items("a"), items(["a", "b"]), items({"a": 1})) == ([], ["a"], ["a", "b"], [{"a": 1}])


def test_mapping_reads_json() -> None:
    assert mapping(' {"Statement": []}') == {"Statement": []}
    assert (mapping("{"), mapping("[]"), mapping([]), mapping(None)) == ({}, {}, {}, {})


def test_number() -> None:
    assert (number(3), number("3"), number(" -3 "), number(True), number("3.5"), number([3])) == (
        3, 3, -3, None, None, None,
    )  # fmt: skip


def test_texts_leaves_out_what_is_no_text() -> None:
    assert texts(["a", 1, {"b": 1}, "c"]) == ["a", "c"]
    with pytest.raises(UnknownValueError):
        texts(["a", NOT_KNOWN])


@pytest.fixture
def resource() -> Resource:
    return Resource(
        logical_id="Table",
        type="AWS::DynamoDB::GlobalTable",
        properties={"Replicas": [{"Region": "a", "Key": {"Id": 1}}, {"Region": "b"}, "odd"]},
        attributes={"DeletionPolicy": "Retain"},
    )


def test_found_gives_each_with_its_place(resource) -> None:
    assert list(found(resource, ("Replicas", "*", "Key", "Id"))) == [(("Properties", "Replicas", 0, "Key", "Id"), 1)]
    assert [place[2] for place, _ in found(resource, ("Replicas", "*", "Region"))] == [0, 1]
    assert list(found(resource, ("Nothing", "*"))) == []


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        (("Properties", "Replicas", 0, "Key", "Id"), ("Properties", "Replicas", 0, "Key", "Id")),
        (("Properties", "Replicas", 1, "Key", "Id"), ("Properties", "Replicas", 1)),
        (("Properties", "Replicas", 9), ("Properties", "Replicas")),
        (("Properties", "Nothing"), ("Properties",)),
        (("DeletionPolicy",), ("DeletionPolicy",)),
        (("UpdateReplacePolicy",), ("Properties",)),
    ],
)
def test_missing_value_points_at_what_is_around_it(resource, path, nearest) -> None:
    assert there(resource, path) == nearest
