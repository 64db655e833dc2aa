"""A run with morphisms of one's own is read where their file is not known."""

import pytest

import evonas
from evonas.architecture.layers import Input, Linear
from evonas.errors import NotApplicable
from evonas.evolution.genome import Origin
from evonas.evolution.morphism import read_morphisms

NOTED = {"kind": "NobodyKnowsIt", "node": "stage1.relu", "factor": 2}


def test_what_was_noted_stays_and_applies_nowhere():
    (morphism,) = read_morphisms([NOTED])
    assert morphism.to_dict() == NOTED and not morphism.preserving
    assert morphism.describe() == "NobodyKnowsIt(node='stage1.relu', factor=2)"
    net = evonas.architecture.Architecture()
    net.add("head", Linear(2), net.add("image", Input((3,))))
    for call in (lambda: morphism.rewrite(net), lambda: morphism.carry(net, {})):
        with pytest.raises(
            NotApplicable, match="'NobodyKnowsIt' is unknown here; name its file with --operators"
        ):
            call()


def test_an_origin_keeps_it():
    data = {"operator": "graph-mine", "parents": [1], "morphisms": [NOTED]}
    assert Origin.from_dict(data).to_dict() == data


def test_what_is_no_morphism_is_refused():
    with pytest.raises(evonas.UserError, match="expected an object with a 'kind'"):
        read_morphisms([{"node": "stage1.relu"}])
