"""The check of morphisms can fail: bugs that are planted one by one are all caught.

Each is what somebody could get wrong in carrying weights or in the analysis of channels. A directed case has
to catch every one; short random chains have to catch those that are not as rare as they are nasty.
"""

import dataclasses
import random
from collections.abc import Callable

import numpy as np
import pytest
import torch
from evonas.operators.morphisms import (
    AddSkip,
    ConcatSkip,
    Deepen,
    EnlargeKernel,
    ReplicateAdd,
    SplitConcat,
    Undilate,
    Widen,
    ZeroWiden,
    columns,
    deepen,
)

from evonas import inheritance
from evonas.architecture import channels
from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    Add,
    BatchNorm2d,
    Concat,
    Conv2d,
    Flatten,
    GlobalAvgPool,
    Input,
    LeakyReLU,
    Linear,
    ReLU,
    TakeChannels,
    base,
)
from evonas.architecture.layers.ties import Channels, Ties
from evonas.errors import NotApplicable
from evonas.evolution.morphism import Morphism
from evonas.inheritance import carrying
from evonas.task import Task
from evonas.testing.chains import TOLERANCES, Chain, ChainError
from evonas.testing.random_chains import draws_of, extend
from evonas.testing.random_networks import random_architecture

Patch = pytest.MonkeyPatch
Case = tuple[Callable[[Architecture], str], Morphism]

# -- networks, each behind an image of 3 channels; what they return is read by the classifier ----------------


def block(net: Architecture, name: str, source: str = "image", width: int = 4) -> str:
    end = net.add(f"{name}.conv", Conv2d(width, bias=True), source)
    return net.add(f"{name}.relu", ReLU(), net.add(f"{name}.bn", BatchNorm2d(), end))


def two_blocks(net: Architecture) -> str:
    return block(net, "b", block(net, "a"))


def crossed_sum(net: Architecture) -> str:
    """Add(Concat(a, b), Concat(b, a)): all widths agree whatever is tied."""
    a, b = block(net, "a"), block(net, "b")
    return net.add("sum", Add(), net.add("ab", Concat(), a, b), net.add("ba", Concat(), b, a))


def joined(net: Architecture) -> str:
    return block(net, "end", net.add("join", Concat(), block(net, "a"), block(net, "b")))


def grouped(net: Architecture) -> str:
    return net.add("grouped", Conv2d(4, groups=2), block(net, "a"))


def added_to_the_image(net: Architecture) -> str:
    return net.add("sum", Add(), "image", net.add("conv", Conv2d(3), "image"))


def sliced(net: Architecture) -> str:
    return net.add("end", Conv2d(4), net.add("take", TakeChannels(2, start=2), block(net, "a")))


def dilated(net: Architecture) -> str:
    return net.add("conv", Conv2d(4, dilation=2), "image")


def leaky(net: Architecture) -> str:
    return net.add("leaky", LeakyReLU(0.2), net.add("conv", Conv2d(4), "image"))


def network(body: Callable[[Architecture], str], vector: type = GlobalAvgPool) -> Architecture:
    net = Architecture()
    net.add("image", Input((3, 6, 6)))
    net.add("vector", vector(), body(net))
    net.add("logits", Linear(4), "vector")
    net.prune()
    return net


def flattened(net: Architecture) -> str:
    """What the global pooling reads is one pixel already."""
    hidden = net.add("hidden", Linear(5), net.add("flat", Flatten(), block(net, "a")))
    return net.add("pixel", base.Layer.kinds["Pixel"](), hidden)


# -- bugs ----------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Bug:
    """A planted bug, what catches it for certain, and what random chains are made of.

    Attributes:
        plant: Patches it in.
        body: The network of the directed case.
        morphism: The morphism of the directed case.
        kinds: What random chains draw from.
        refused: Whether the sound code refuses the directed case.
        rare: Whether short random chains are not expected to meet it.
    """

    plant: Callable[[Patch], None]
    body: Callable[[Architecture], str]
    morphism: Morphism
    kinds: tuple[type[Morphism], ...]
    refused: bool = False
    rare: bool = False


BUGS: dict[str, Bug] = {}


def bug(
    body: Callable[[Architecture], str],
    morphism: Morphism,
    *kinds: type[Morphism],
    refused: bool = False,
    rare: bool = False,
) -> Callable[[Callable[[Patch], None]], None]:
    def register(plant: Callable[[Patch], None]) -> None:
        drawn = kinds or (type(morphism),)
        BUGS[plant.__name__.replace("_", " ")] = Bug(plant, body, morphism, drawn, refused, rare)

    return register


def after(patch: Patch, owner: object, name: str, change: Callable[..., None]) -> None:
    """Changes the tensors that a function returns, in place; `change` also gets its arguments."""
    sound = getattr(owner, name)

    def wrong(*arguments, **options):
        found = sound(*arguments, **options)
        change(found, *arguments)
        return found

    patch.setattr(owner, name, wrong)


WIDEN_A = Widen("a.conv", 8, seed=1)


@bug(two_blocks, WIDEN_A)
def outgoing_weights_are_not_divided(patch: Patch) -> None:
    patch.setattr(carrying, "_random_shares", lambda change, tensor, inputs, seed: tensor.new_ones(()))


@bug(crossed_sum, WIDEN_A)
def an_addition_does_not_tie(patch: Patch) -> None:
    patch.setattr(Ties, "tie", lambda self, one, other: None)


@bug(grouped, Widen("a.conv", 6, seed=1), Widen, ZeroWiden)
def groups_are_not_tied(patch: Patch) -> None:
    patch.setattr(Ties, "tie_groups", lambda self, channels, groups: None)


@bug(added_to_the_image, Widen("conv", 6, seed=1), Widen, ZeroWiden, refused=True, rare=True)
def the_input_is_not_frozen(patch: Patch) -> None:
    patch.setattr(Input, "tied", lambda self, inputs, count, ties: ties.fresh(count))


@bug(two_blocks, Widen("logits", 6, seed=1), refused=True)
def the_logits_are_not_frozen(patch: Patch) -> None:
    sound = Ties.freeze

    def wrong(self: Ties, channels: Channels, reason: str) -> None:
        if reason != "the logits":
            sound(self, channels, reason)

    patch.setattr(Ties, "freeze", wrong)


@bug(two_blocks, WIDEN_A)
def normalisation_statistics_are_not_copied(patch: Patch) -> None:
    def change(found, copies, weights, *rest):
        for name, tensor in found.items():
            if name.endswith("running_mean") and tensor is not weights[name]:
                tensor.zero_()

    after(patch, inheritance, "replicated", change)  # the door that operators take it from


@bug(joined, Widen("b.conv", 8, seed=1))
def a_concatenation_joins_in_the_wrong_order(patch: Patch) -> None:
    sound = base.joined
    patch.setattr(base, "joined", lambda parts: sound(parts[::-1]))


@bug(joined, Widen("a.conv", 8, seed=1), Widen, ZeroWiden, ConcatSkip)
def copies_stand_behind_all_originals(patch: Patch) -> None:
    def wrong(copies, blocks):
        positions = np.arange(len(copies), dtype=np.int64)
        return np.concatenate([positions[copies > 0], np.repeat(positions, np.maximum(copies - 1, 0))])

    patch.setattr(channels, "_sources", wrong)


@bug(joined, ConcatSkip("a.relu", "b.relu", "skip"))
def columns_of_a_concatenation_lose_their_offset(patch: Patch) -> None:
    def wrong(read, widths):
        whole = [np.arange(width) if one is None else one for one, width in zip(read, widths, strict=True)]
        return np.concatenate(whole)

    patch.setattr(columns, "_joined", wrong)


@bug(flattened, WIDEN_A, Widen, ZeroWiden)
def a_flattening_spreads_pixel_by_pixel(patch: Patch) -> None:
    patch.setattr(base, "spread", lambda found, pixels: Channels(np.tile(found.numbers, pixels)))


@bug(sliced, WIDEN_A, Widen, ZeroWiden, rare=True)
def a_slice_stays_where_it_was(patch: Patch) -> None:
    patch.setattr(
        TakeChannels,
        "resized",
        lambda self, inputs, copies: TakeChannels(int(copies.sum()), self.start),
    )


@bug(two_blocks, ZeroWiden("a.conv", 6, seed=1))
def fresh_units_are_heard(patch: Patch) -> None:
    def change(found, copies, weights, seed):
        for name, tensor in found.items():
            if name.endswith("weight") and tensor is not weights[name]:
                tensor[tensor == 0] = 0.01

    after(patch, inheritance, "extended", change)


@bug(two_blocks, AddSkip("a.relu", "b.relu", "skip"))
def a_skip_starts_with_a_factor_of_one(patch: Patch) -> None:
    after(patch, AddSkip, "carry", lambda found, self, *rest: found[f"{self.name}.scale.weight"].fill_(1))


@bug(two_blocks, EnlargeKernel("a.conv", 5))
def a_kernel_grows_off_its_centre(patch: Patch) -> None:
    patch.setattr(
        EnlargeKernel, "places", lambda self, old, new: (slice(0, old.kernel[0]), slice(0, old.kernel[1]))
    )


@bug(dilated, Undilate("conv"))
def taps_stay_side_by_side(patch: Patch) -> None:
    patch.setattr(
        Undilate, "places", lambda self, old, new: (slice(0, old.kernel[0]), slice(0, old.kernel[1]))
    )


@bug(two_blocks, Deepen("a.relu", 3, "deep"))
def a_new_normalisation_forgets_its_epsilon(patch: Patch) -> None:
    after(patch, Deepen, "carry", lambda found, self, *rest: found[f"{self.name}.bn.weight"].fill_(1))


@bug(leaky, Deepen("leaky", 3, "deep"), refused=True, rare=True)
def any_activation_is_taken_for_idempotent(patch: Patch) -> None:
    patch.setattr(deepen, "_is_idempotent", lambda layer: layer.idempotent or isinstance(layer, LeakyReLU))


@bug(two_blocks, SplitConcat("b.conv", 2, "split"))
def a_bias_is_dropped(patch: Patch) -> None:
    def change(found, self, *rest):
        for name, tensor in found.items():
            if name.startswith(self.name) and name.endswith("bias"):
                tensor.zero_()

    after(patch, SplitConcat, "carry", change)


@bug(two_blocks, ReplicateAdd("b.conv", 2, "paths", seed=1))
def each_branch_keeps_the_whole_bias(patch: Patch) -> None:
    def change(found, self, architecture, weights):
        if f"{self.node}.bias" in weights:
            found[f"{self.name}.branch2.bias"] = weights[f"{self.node}.bias"].clone()

    after(patch, ReplicateAdd, "carry", change)


@bug(two_blocks, ReplicateAdd("b.conv", 2, "paths", seed=1))
def the_parent_is_scaled_in_place(patch: Patch) -> None:
    def change(found, self, architecture, weights):
        if f"{self.node}.weight" in weights:
            weights[f"{self.node}.weight"].mul_(0.5)

    after(patch, ReplicateAdd, "carry", change)


@bug(two_blocks, Deepen("a.relu", 3, "deep"))
def a_tensor_is_left_to_be_drawn(patch: Patch) -> None:
    after(patch, Deepen, "carry", lambda found, self, *rest: found.pop(f"{self.name}.conv.weight"))


# -- they are caught -----------------------------------------------------------------------------------------


def directed(planted: Bug) -> bool:
    """Whether the directed case applies; raises where the check fails."""
    chain = Chain(network(planted.body), seed=5)
    assert chain.lively
    try:
        chain.apply(planted.morphism)
    except NotApplicable:
        return False
    return True


def failures(kinds: tuple[type[Morphism], ...], chains: int = 12, length: int = 5) -> int:
    """How many short random chains fail."""
    found = 0
    for seed in range(chains):
        rng = random.Random(seed)
        chain = Chain(random_architecture(rng, Task(3, 8, 8, 4)), seed, [torch.float64])
        try:
            if chain.lively:
                extend(chain, draws_of(kinds), length, rng)
        except ChainError:
            found += 1
    return found


@pytest.mark.parametrize("name", BUGS)
def test_a_directed_case_catches(name: str, monkeypatch: Patch) -> None:
    assert directed(BUGS[name]) is not BUGS[name].refused
    BUGS[name].plant(monkeypatch)
    with pytest.raises(ChainError):
        directed(BUGS[name])


SOUND: set[tuple[type[Morphism], ...]] = set()
"""What random chains were seen to pass with, unpatched."""


OFTEN = [name for name, planted in BUGS.items() if not planted.rare]


@pytest.mark.parametrize(
    "name",
    [*OFTEN[::4], *(pytest.param(name, marks=pytest.mark.slow) for name in OFTEN if name not in OFTEN[::4])],
)
def test_random_chains_catch(name: str, monkeypatch: Patch) -> None:
    kinds = BUGS[name].kinds
    if kinds not in SOUND:
        assert failures(kinds) == 0
        SOUND.add(kinds)
    BUGS[name].plant(monkeypatch)
    assert failures(kinds) > 0


def test_float32_alone_would_not_see_a_forgotten_epsilon(monkeypatch: Patch) -> None:
    """Why exactness is measured in float64."""
    planted = BUGS["a new normalisation forgets its epsilon"]
    planted.plant(monkeypatch)
    chain = Chain(network(planted.body), 5, [torch.float32])
    assert 0 < chain.apply(planted.morphism)[torch.float32] < TOLERANCES[torch.float32]
