import keyword

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from torch import fx, nn

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import Conv2d, Input, ReLU
from evonas.architecture.names import LONGEST, RESERVED, check_name, prefixes
from evonas.errors import UserError
from evonas.network.network import build


def attributes_of_modules() -> set[str]:
    graph = fx.Graph()
    graph.output(graph.placeholder("x"))
    both = {*dir(nn.Module()), *dir(fx.GraphModule(nn.Module(), graph))}
    return {name for name in both if not name.startswith("_")}


def test_every_attribute_of_a_module_is_reserved():
    found = attributes_of_modules()
    assert {"forward", "train", "training", "graph", "parameters", "print_readable"} <= found
    assert found - RESERVED == set(), "this torch has attributes that evonas.names does not reserve"


@pytest.mark.parametrize("form", ["{}", "stage1.{}", "{}.conv", "stage1.{}.conv"])
def test_reserved_words_are_refused_in_every_part(form):
    for word in attributes_of_modules() | set(keyword.kwlist) | {"self"}:
        with pytest.raises(UserError) as refused:
            check_name(form.format(word))
        reason = f"{word!r} is reserved, since every module or Python itself uses it"
        assert str(refused.value) == f"node name {form.format(word)!r}: {reason}"


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "expected 1 to 200 characters, got ''"),
        ("a" * (LONGEST + 1), "expected 1 to 200 characters, got 'aaa"),
        (None, "expected 1 to 200 characters, got None"),
        ("a..b", "node name 'a..b': expected letters, digits and _ between dots, got ''"),
        (".a", "got ''"),
        ("a b", "got 'a b'"),
        ("stage.1", "got '1'"),
        ("_a", "got '_a'"),
        ("größe", "got 'größe'"),
        ("a\n", r"got 'a\\n'"),
    ],
)
def test_names_that_are_no_path_of_attributes_are_refused(name, message):
    with pytest.raises(UserError, match=message):
        check_name(name)


WORDS = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True).filter(
    lambda word: word not in RESERVED and not keyword.iskeyword(word)
)


@given(WORDS)
@example("torch")
@example("operator")
@example("device")
@example("inf")
@example("nan")
@example("print")
@example("Tensor")
@example("weight")
@example("image_1")
def test_a_name_that_is_accepted_works_wherever_it_stands(word):
    outputs = []
    for names in (
        (word, "other_node.conv", "last_node.relu"),
        ("other_image", word, "last_node.relu"),
        ("other_image", "other_node.conv", word),
    ):
        net = Architecture()
        image = net.add(names[0], Input((1, 2, 2)))
        conv = net.add(names[1], Conv2d(2, 1), image)
        net.add(names[2], ReLU(), conv)
        network = build(net, weights={f"{names[1]}.weight": torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1)})
        outputs.append(network(torch.ones(1, 1, 2, 2)))
    assert all(output[0, :, 0, 0].tolist() == [1, 0] for output in outputs)


def test_prefixes_are_the_proper_ones():
    assert prefixes("a") == ()
    assert prefixes("stage1.cell2.conv") == ("stage1", "stage1.cell2")
