"""Types and ranges that are said where a field is declared, and what is said of what is something else."""

from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypedDict, Union

import msgspec
import numpy as np
import pytest
from msgspec import Meta

from evonas.errors import NotApplicable, UserError
from evonas.evolution import Morphism
from evonas.files import (
    AtLeastOne,
    AtLeastZero,
    BelowOne,
    Finite,
    Noted,
    NotedCount,
    NotNegative,
    Positive,
    Probability,
    Table,
    check,
    check_names,
    expect,
    read,
)
from evonas.files.hints import expected, understood

if TYPE_CHECKING:
    import torch

HUGE = 10**400
INF, NAN = math.inf, math.nan

Sizes = Annotated[AtLeastOne | tuple[AtLeastOne, AtLeastOne], Meta(description="one or two")]

KINDS: dict[str, tuple[Any, str, list[Any], list[Any]]] = {
    "at least 0": (
        AtLeastZero,
        "a whole number of at least 0",
        [0, 7, 2**70],
        [-1, -(2**70), True, 1.0, "1", None, NAN, [1]],
    ),
    "at least 1": (AtLeastOne, "a whole number of at least 1", [1, 2**63], [0, True, False, 1.5]),
    "noted": (Noted, "a whole number of at least 0", [0, 2**63 - 1], [2**63, 2**70, -1, True, 2.0]),
    "counted": (NotedCount, "a whole number of at least 1", [1, 2**63 - 1], [0, 2**63]),
    "finite": (
        Finite,
        "a finite number",
        [0, -1.5, 10**20, 1.7e308],
        [INF, -INF, NAN, HUGE, True, "1"],
    ),
    "not negative": (NotNegative, "a number of at least 0", [0, 0.5, -0.0], [-1e-9, INF, NAN, HUGE, True]),
    "positive": (Positive, "above 0", [1e-9, 3], [0, 0.0, -1, INF, NAN, HUGE]),
    "below one": (BelowOne, "at least 0 and below 1", [0, 0.99], [1, 1.0, -0.1, NAN, None]),
    "probability": (Probability, "a probability from 0 to 1", [0, 1, 0.5], [1.01, -0.1, NAN, True, "half"]),
    "table": (Table, "a table", [{}, {"a": object()}], [[], None, "a", 3]),
    "number": (float, "a number", [1, 1.5, INF], [True, "1", None]),
    "flag": (bool, "true or false", [True, False], [0, 1, "yes", None]),
    "text": (str, "a text", ["", "a", np.str_("b")], [b"a", 3, None, ["a"]]),
    "words": (Literal["a", "b"], "a, b", ["a", "b"], ["c", 1, None]),
    "or none": (AtLeastOne | None, "a whole number of at least 1", [None, 1], [0, "none"]),
    "either": (int | str, "a whole number or a text", [1, "a"], [1.5, None, True]),
    "bounds": (Annotated[int, Meta(ge=2, le=5)], "a whole number from 2 to 5", [2, 5], [1, 6]),
    "an end": (Annotated[float, Meta(gt=0, lt=2)], "a number above 0 and below 2", [1], [0, 2]),
    "list": (list[int], "a list", [[], [1], (1, 2)], [{}, "12", None, 5]),
    "pair": (tuple[int, str], "a list of 2", [(1, "a"), [1, "a"]], [(1,), (1, "a", 2), 5]),
    "object": (dict[str, int], "an object", [{}, {"a": 1}], [[], None, 5]),
    "sizes": (Sizes, "one or two", [3, (3, 5), [3, 5]], [0, 1.5, (3,), (3, -1), (3, 3, 3), "3", True, None]),
}


@pytest.mark.parametrize("name", list(KINDS))
def test_what_a_type_takes(name: str) -> None:
    hint, words, right, wrong = KINDS[name]
    assert expected(hint) == words
    for value in right:
        assert expect(value, hint, "it") is value
    for value in wrong:
        with pytest.raises(UserError) as caught:
            expect(value, hint, "it")
        assert str(caught.value) == f"it: expected {words}, got {value!r:.60}"


def test_numbers_of_numpy_are_those_that_python_takes_them_for() -> None:
    assert expect(np.float64(0.5), Probability, "it") == 0.5
    assert expect([np.float64(0.5)], list[Finite], "it") == [0.5]
    for value in (np.int64(3), np.bool_(True), np.float32(0.5)):
        with pytest.raises(UserError, match="it: expected"):
            expect(value, int | bool | float, "it")


def test_a_number_that_cannot_be_written() -> None:
    with pytest.raises(UserError, match="it: expected a finite number, got one that is too long to show"):
        expect(10**5000, Finite, "it")


# -- places inside -----------------------------------------------------------------------------------


class Noticed(TypedDict, total=False):
    name: str
    weights: list[Noted]
    inner: Given
    pairs: list[Annotated[tuple[int, BelowOne], Meta(description="a number and a share")]]


class Given(TypedDict):
    size: Noted


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (5, "it: expected an object, got 5"),
        ({"name": 5}, "it: name: expected a text, got 5"),
        ({"weights": 5}, "it: weights: expected a list, got 5"),
        ({"weights": [1, -2]}, "it: weights: expected a whole number of at least 0, got -2 at it.weights[1]"),
        ({"inner": {}}, "it: inner: size: expected a whole number of at least 0, got nothing"),
        ({"inner": {"size": "x"}}, "it: inner: size: expected a whole number of at least 0, got 'x'"),
        ({"pairs": [[1, 0.5], [1]]}, "it: pairs: expected a number and a share, got [1] at it.pairs[1]"),
        # The innermost words that somebody chose:
        ({"pairs": [["a", 0.5]]}, "it: pairs: expected a number and a share, got ['a', 0.5] at it.pairs[0]"),
        ({"pairs": [[1, 1.5]]}, "it: pairs: expected at least 0 and below 1, got 1.5 at it.pairs[0][1]"),
    ],
)
def test_the_innermost_that_is_wrong_is_named(value: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        expect(value, Noticed, "it")
    assert str(caught.value) == message


def test_other_keys_are_left_aside_and_the_value_is_handed_on() -> None:
    value = {"colour": object(), "weights": (1, 2)}
    assert expect(value, Noticed, "it") is value


# -- dataclasses -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Choices:
    width: AtLeastOne
    share: BelowOne = 0.5
    rates: tuple[tuple[Positive, Positive], ...] = ()
    sizes: Sizes = 3
    more: dict[str, Finite] | None = field(default_factory=dict)
    tensor: torch.Tensor | None = None
    shared: ClassVar[str] = "not a field"

    def __post_init__(self) -> None:
        check(self, "my ")


def test_values_stay_and_lists_become_tuples() -> None:
    made = Choices(3, 0, [[1, 2], (3.0, 4)], [3, 5])  # type: ignore[arg-type]
    assert (made.rates, made.sizes) == (((1, 2), (3.0, 4)), (3, 5))
    assert [type(value) for value in (made.share, *made.rates[0])] == [int] * 3
    assert hash(Choices(3, rates=[[1, 2]], more=None)) == hash(Choices(3, rates=((1, 2),), more=None))
    assert Choices(3, tensor="anything").tensor == "anything"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"width": True}, "my width: expected a whole number of at least 1, got True"),
        ({"width": 3, "share": 1}, "my share: expected at least 0 and below 1, got 1"),
        ({"width": 3, "rates": [(1, 2), (1, 0)]}, "my rates: expected above 0, got 0 at rates[1][1]"),
        ({"width": 3, "rates": [(1, 2, 3)]}, "my rates: expected a list of 2, got (1, 2, 3) at rates[0]"),
        ({"width": 3, "sizes": (3, 0)}, "my sizes: expected one or two, got (3, 0)"),
        ({"width": 3, "more": {"a": NAN}}, "my more: a: expected a finite number, got nan"),
    ],
)
def test_fields_are_checked(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        Choices(**choices)
    assert str(caught.value) == message


@dataclass(frozen=True)
class Plain:
    name: str
    size: Noted = 0
    curve: tuple[tuple[Finite, Finite | None], ...] = ()


def test_reading_a_mapping() -> None:
    assert read(Plain, {"name": "a", "size": 3, "curve": [[1, None]]}, "it") == Plain("a", 3, ((1, None),))
    assert read(Plain, {"name": "a", "colour": 3}, "it", others=True) == Plain("a")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "it: expected an object, got []"),
        ({}, "it: 'name' is missing"),
        ({"name": "a", "sise": 3}, "it: 'sise' is unknown; did you mean 'size'? known: name, size, curve"),
        ({"name": 3}, "it name: expected a text, got 3"),
        ({"name": "a", "size": 2**63}, f"it size: expected a whole number of at least 0, got {2**63}"),
        ({"name": "a", "curve": [[1.0, INF]]}, "it curve: expected a finite number, got inf at curve[0][1]"),
    ],
)
def test_what_cannot_be_read(data: Any, message: str) -> None:
    with pytest.raises(UserError) as caught:
        read(Plain, data, "it")
    assert str(caught.value) == message


def test_other_names_may_be_there_but_none_may_be_missing() -> None:
    with pytest.raises(UserError, match="it: 'name' is missing"):
        read(Plain, {"colour": 3}, "it", others=True)


def test_names_alone() -> None:
    check_names(Plain, {"name": object()}, "my choice")
    with pytest.raises(UserError, match=r"my choice 'nam' is unknown; did you mean 'name'\?"):
        check_names(Plain, {"nam": 3}, "my choice")


# -- what a user may have written ----------------------------------------------------------------------


class Widget:
    pass


class _Mine(Morphism):
    """The methods that are of no interest here."""

    @classmethod
    def draw(cls, architecture: Any, rng: Any) -> Any:
        raise NotApplicable("nowhere")

    def rewrite(self, architecture: Any) -> Any:
        return architecture

    def carry(self, architecture: Any, weights: Any) -> Any:
        return weights

    def describe(self) -> str:
        return "mine"


@dataclass(frozen=True)
class _Unusual(_Mine):
    node: str
    tensor: torch.Tensor
    widget: Widget
    call: Callable[[int], int]
    nowhere: NoSuchName  # type: ignore[name-defined]  # noqa: F821
    mixed: tuple[Widget, int]
    either: Union[list[int], tuple[int, int]]  # noqa: UP007 - as users write it
    sloppy: int = None  # type: ignore[assignment]
    wrong: int = "a text"  # type: ignore[assignment]
    tags: Annotated[str, {"not": "hashable"}] = "a"
    width: int | tuple[AtLeastOne, AtLeastOne] = 3
    preserving: ClassVar[bool] = True


def test_a_morphism_with_unusual_hints() -> None:
    words: dict[str, Any] = dict.fromkeys(("tensor", "widget", "call", "nowhere", "either"), "anything")
    made = _Unusual("a", **words, mixed=(Widget(), 3))
    assert made.node == "a" and made.sloppy is None
    assert _Unusual("a", **words, mixed=("x", 3), sloppy=4, wrong=5.5, width=(3, 5)).wrong == 5.5  # type: ignore[arg-type]
    for choices, message in (
        ({"node": 3}, "_Unusual node: expected a text, got 3"),
        ({"sloppy": "a"}, "_Unusual sloppy: expected a whole number, got 'a'"),
        ({"mixed": (Widget(), "a")}, "_Unusual mixed: expected a whole number, got 'a' at mixed[1]"),
        ({"tags": 3}, "_Unusual tags: expected a text, got 3"),
        ({"width": (3, 0)}, "_Unusual width: expected a whole number of at least 1, got 0 at width[1]"),
    ):
        with pytest.raises(UserError, match=re.escape(message)):
            _Unusual(**{"node": "a", **words, "mixed": (Widget(), 3), **choices})  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Unchecked(_Mine):
    node: str

    def __post_init__(self) -> None:
        """Its own."""


def test_a_morphism_with_its_own_checks() -> None:
    assert _Unchecked(3).node == 3  # type: ignore[arg-type, comparison-overlap]


# -- msgspec -----------------------------------------------------------------------------------------

MEMBERS: dict[str, tuple[Any, Any, Any]] = {
    "int": (Annotated[int, Meta(ge=1)], 5, 0),
    "float": (Annotated[float, Meta(ge=0, le=9)], 1.5, 9.5),
    "str": (Annotated[str, Meta(min_length=1)], "x", ""),
    "dict": (Annotated[dict[str, int], Meta(max_length=1)], {"a": 1}, {"a": 1, "b": 2}),
    "none": (None, None, object()),
    "pair": (tuple[AtLeastOne, AtLeastOne], (1, 2), (1, 2, 3)),
    "three": (tuple[str, int, int], ("a", 2, 3), ("a", 2)),
}
UNIONS = """
import sys
sys.path.insert(0, {folder!r})
import test_typed
test_typed.all_unions()
"""


def all_unions() -> None:
    """Every union of two or three of `MEMBERS` takes the values of each and refuses what is out of bounds."""
    for count in (2, 3):
        for names in itertools.combinations(MEMBERS, count):
            if {"pair", "three"} <= {*names}:
                continue  # which cannot be told apart
            hint = Union[tuple(MEMBERS[name][0] for name in names)]  # noqa: UP007
            native = understood(hint)
            for name in names:
                _, right, wrong = MEMBERS[name]
                msgspec.convert(right, native)
                with pytest.raises(msgspec.ValidationError):
                    msgspec.convert(wrong, native)


def test_a_tuple_beside_bounds_reads_no_foreign_memory() -> None:
    """As msgspec 0.23 does with the hints themselves; in a process of its own, since that may end it."""
    script = UNIONS.format(folder=str(__file__).rpartition("/")[0])
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (0, "")


def test_fields_in_slots_and_fields_that_are_set_later():
    @dataclass(frozen=True, slots=True)
    class Slotted:
        count: AtLeastOne
        nodes: tuple[str, ...] = ()

        def __post_init__(self):
            check(self, "slotted ")

    assert Slotted(1, ["a"]).nodes == ("a",)
    with pytest.raises(UserError, match="slotted count: expected a whole number of at least 1, got 'a'"):
        Slotted("a")

    @dataclass(frozen=True)
    class Later:
        count: AtLeastOne = 1
        nodes: tuple[str, ...] = field(init=False)

        def __post_init__(self):
            check(self, "later ")
            object.__setattr__(self, "nodes", ("a",))

    assert Later(2).nodes == ("a",)
    assert read(Later, {"count": 2}, "later").nodes == ("a",)


# -- mappings ----------------------------------------------------------------------------------------


class Tree(TypedDict, total=False):
    name: str
    left: Tree
    leaves: list[Tree]


@dataclass(frozen=True)
class Tables:
    names: dict[int, str] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    shares: dict[float, Finite] | None = None
    inner: tuple[dict[bool, int], ...] = ()
    places: dict[tuple[int, int], str] = field(default_factory=dict)
    shown: Mapping[str, int] = field(default_factory=dict)
    tree: Tree = field(default_factory=lambda: Tree())

    def __post_init__(self) -> None:
        check(self, "my ")


def test_keys_that_json_has_made_text_of_become_numbers_again() -> None:
    """What is no mapping, or has the keys that are meant, stays the object that it was."""
    made = Tables({1: "a", -2: "b"}, {"3": 4}, {0.5: 1, 2: 3.5}, ({True: 1, False: 0},))
    noted = json.loads(json.dumps(asdict(made)))
    assert noted["names"] == {"1": "a", "-2": "b"}
    again = Tables(**noted)
    assert again == made and isinstance(again.inner, tuple)
    assert [type(key) for key in (*again.names, *again.sizes, *(again.shares or ()))] == [
        *(int, int, str, float, int)
    ]
    assert read(Tables, noted, "it") == made
    names = {1: "a"}
    assert Tables(names).names is names


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"sizes": {1: 2}}, "my sizes: expected a text as each key, got 1"),
        ({"sizes": {("a", "b"): 2}}, "my sizes: expected a text as each key, got ('a', 'b')"),
        ({"names": {"one": "a"}}, "my names: expected a whole number as each key, got 'one'"),
        ({"names": {"01": "a"}}, "my names: expected a whole number as each key, got '01'"),
        ({"names": {1: "a", "1": "b"}}, "my names: expected a whole number as each key, got '1'"),
        ({"names": {"1": 5}}, "my names: 1: expected a text, got 5"),
        ({"places": {"1, 2": "a"}}, "my places: expected a list of 2 as each key, got '1, 2'"),
        ({"tree": {5: "a"}}, "my tree: expected a text as each key, got 5"),
        ({"tree": {"name": 5}}, "my tree: name: expected a text, got 5"),
        ({"sizes": MappingProxyType({})}, "my sizes: expected an object, got mappingproxy({})"),
        ({"inner": [MappingProxyType({})]}, "my inner: expected an object, got mappingproxy({}) at inner[0]"),
        ({"tree": MappingProxyType({})}, "my tree: expected an object, got mappingproxy({})"),
    ],
)
def test_mappings_that_are_something_else(choices: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError) as caught:
        Tables(**choices)
    assert str(caught.value) == message


def test_any_mapping_does_where_one_is_meant() -> None:
    shown = MappingProxyType({"a": 1})
    assert Tables(shown=shown).shown is shown


def test_a_dictionary_within_its_own_kind() -> None:
    """The outer one is checked; what is inside of its own kind is taken as it is, however deep."""
    deep: dict[str, Any] = {}
    for _ in range(5000):
        deep = {"left": deep}
    assert Tables(tree=deep).tree is deep  # type: ignore[arg-type]
    with pytest.raises(UserError, match="it: leaves: expected a list, got 5"):
        expect({"leaves": 5}, Tree, "it")


@dataclass(frozen=True)
class _Tabled(_Mine):
    names: dict[int, str]
    tree: Tree
    preserving: ClassVar[bool] = True


def test_a_morphism_with_mappings_comes_back_from_json() -> None:
    made = _Tabled({3: "a"}, {"left": {"name": "b"}})
    noted = json.loads(json.dumps(made.to_dict()))
    assert noted.pop("kind") == "_Tabled" and _Tabled(**noted) == made
    with pytest.raises(UserError, match="_Tabled names: expected a whole number as each key, got 'x'"):
        _Tabled({"x": "a"}, {})  # type: ignore[dict-item]
