"""Names of nodes, from paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from evonas.architecture.names import check_name, prefixes
from evonas.network.importing.naming import Namer, node_name


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("layer1.0.conv1", "layer1.n0.conv1"),
        ("features.conv", "features.conv"),
        ("_stem.lambda", "stem.lambda_"),
        ("train.type", "train_.type_"),
        ("0", "n0"),
        ("größe.a-b", "gr__e.a_b"),
        ("__", "n"),
    ],
)
def test_a_path_becomes_a_name(path, name):
    assert node_name(path) == name
    check_name(name)


PATHS = st.lists(st.text("ab0_.", min_size=1, max_size=6) | st.text(min_size=1, max_size=300), max_size=12)


@given(PATHS)
def test_no_name_begins_another(paths):
    namer = Namer()
    names = [namer.name(path) for path in paths]
    assert len(set(names)) == len(names)
    for name in names:
        check_name(name)
        assert not set(prefixes(name)) & set(names)


def test_names_that_python_or_torch_reserve(model_of, imported, images, conv, head):
    model = nn.Sequential()
    for name, part in [("image", conv()), ("lambda", nn.ReLU()), ("_hidden", conv(4)), ("é", head())]:
        model.add_module(name, part)
    net, _ = imported(model, images())
    assert list(net) == ["image", "image_2", "lambda_", "hidden", "n.n0", "n.n2"]
