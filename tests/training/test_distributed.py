"""Several processes that train one network: real ones, on CPUs."""

import os
import random
import signal
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import BatchNorm2d, Conv2d, Dropout, GlobalAvgPool, Input, Linear, ReLU
from evonas.errors import UserError
from evonas.task import Task
from evonas.training.device import Compute
from evonas.training.distributed import RankImages, Share, check_parts, joined, share_statistics
from evonas.training.final_training import FinalTraining
from evonas.training.images import DeviceImages, Normalisation
from evonas.training.plan import Plan
from evonas.training.ranks import run_together
from evonas.training.trainer import DivergenceError

TASK = Task(3, 6, 6, 3)
NORMALISATION = Normalisation((128,) * 3, (74,) * 3)
PLAN = Plan(epochs=3, batch_size=7, learning_rate=0.1, gradient_clip=0.5, label_smoothing=0.1, cutout=2)
TWO = ("cpu", "cpu")


def chain(*layers) -> Architecture:
    net = Architecture()
    node = net.add("image", Input((3, 6, 6)))
    for number, layer in enumerate((Conv2d(8, bias=True), *layers, ReLU(), GlobalAvgPool(), Linear(3))):
        node = net.add(f"layer{number}", layer, node)
    return net


def training(architecture, plan=PLAN, count=24, **choices) -> FinalTraining:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    y = rng.integers(0, 3, count)
    return FinalTraining(
        architecture, None, TASK, plan, Compute(), x, y, NORMALISATION, True, 1, 2, **choices
    )


def silent(epoch):
    pass


def largest_difference(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


# -- parts of batches ------------------------------------------------------------------------------


def test_parts_make_up_the_batch():
    for size, ranks in ((8, 1), (8, 2), (7, 2), (128, 3), (10, 4)):
        shares = [Share(rank, ranks) for rank in range(ranks)]
        taken = [place for share in shares for place in range(size)[share.part(size)]]
        assert taken == list(range(size))
        assert sum(share.weight(size) for share in shares) == pytest.approx(1)
        lengths = [len(range(size)[share.part(size)]) for share in shares]
        assert max(lengths) - min(lengths) <= 1
    assert len({Share(rank, 4).seed(5) for rank in range(4)}) == 4
    assert Share(0, 4).seed(5) == 5


@pytest.mark.parametrize("count", [24, 5])  # more than a batch, and less
def test_every_image_is_cut_alike_whatever_the_number_of_ranks(count):
    one = training(chain(), count=count)
    generator = torch.Generator().manual_seed(9)
    alone = DeviceImages(one.x, one.y, NORMALISATION, "cpu", 1)
    ranks = [RankImages(one.x, one.y, NORMALISATION, "cpu", 1, Share(rank, 2), 9) for rank in range(2)]
    for _ in range(2):
        whole = list(alone.epoch(PLAN, True, generator))
        parts = list(zip(*(images.epoch(PLAN, True, torch.Generator()) for images in ranks), strict=True))
        assert len(whole) == len(parts)
        for (x, y), shares in zip(whole, parts, strict=True):
            assert torch.equal(torch.cat([part[0] for part in shares]), x)
            assert torch.equal(torch.cat([part[1] for part in shares]), y)


def test_batches_too_small_to_be_divided_are_refused():
    check_parts(PLAN, 24, 3)
    with pytest.raises(
        UserError, match="devices: expected at least 2 images of each batch for each of 4, got batches of 7"
    ):
        check_parts(PLAN, 24, 4)
    with pytest.raises(UserError, match="got batches of 5"):
        training(chain(), count=5).on(["cpu"] * 3, silent)


# -- the same training -----------------------------------------------------------------------------


@pytest.mark.slow
def test_gradients_are_those_of_the_whole_batch():
    """In double precision, with parts of three and four images; so is the mean that a normalisation saw."""

    def work(place, say):
        share = Share(place.rank, place.ranks)
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(7, 3, 6, 6, dtype=torch.float64, generator=generator)
        network = torch.nn.Sequential(
            torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(64, 3)
        )
        network.to(torch.float64)
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.normal_(generator=generator)

        def gradients(module, images):
            network.zero_grad()
            module(images).square().sum(1).mean().backward()
            return [parameter.grad.clone() for parameter in network.parameters()]

        wanted = gradients(network, x)
        got = gradients(joined(network, share.weight(7)), x[share.part(7)])
        worst = max(float((a - b).abs().max() / a.abs().max()) for a, b in zip(wanted, got, strict=True))
        norm = torch.nn.BatchNorm2d(3, momentum=1.0, dtype=torch.float64)
        norm(x[share.part(7)])
        share_statistics(norm, share.weight(7))
        mean = float((norm.running_mean - x.mean((0, 2, 3))).abs().max())
        say(place.rank)
        return worst, mean, int(norm.num_batches_tracked)

    heard = []
    for worst, mean, tracked in run_together(work, TWO, heard.append):
        assert worst < 1e-13
        assert mean < 1e-13
        assert tracked == 1
    assert sorted(heard) == [0, 1]


def test_two_processes_take_the_steps_of_one():
    one = training(chain())
    alone, together = one.here(silent), one.on(TWO, (epochs := []).append)
    assert epochs == [1, 2, 3]
    begun = one.networks()[0].state_dict()
    assert largest_difference(alone.weights, begun) > 0.01
    assert largest_difference(alone.weights, together.weights) < 1e-6
    for point, other in zip(alone.curve, together.curve, strict=True):
        assert other.loss == pytest.approx(point.loss, rel=1e-6)
    assert together.compile_seconds is None
    assert together.seconds > 0


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [1, 3])
def test_any_number_of_processes(ranks):
    one = training(chain())
    alone, together = one.here(silent), one.on(["cpu"] * ranks, silent)
    assert largest_difference(alone.weights, together.weights) < 1e-6


@pytest.mark.slow
def test_normalisation_dropout_dropped_paths_and_an_auxiliary_head():
    """All that a plan can ask for, on a real cell; the same seed gives the same network twice."""
    space = AmoebaSpace(cells=1, filters=4, stages=2)
    genome = AmoebaGenome.random(space, random.Random(3))
    plan = PLAN.changed({"drop_path": 0.3, "auxiliary": 0.4, "batch_size": 8})
    one = replace(training(genome.decode(TASK), plan), auxiliary=genome.auxiliary_node())
    first, second = (one.on(TWO, silent) for _ in range(2))
    assert largest_difference(first.weights, second.weights) == 0
    alone = one.here(silent)
    assert first.weights.keys() == alone.weights.keys()
    assert all(torch.isfinite(tensor).all() for tensor in first.weights.values())
    assert [point.loss for point in first.curve] == pytest.approx(
        [point.loss for point in alone.curve], rel=0.2
    )


@pytest.mark.slow
def test_every_rank_drops_for_itself():
    def work(place, say):
        from evonas.training import regularise

        seed, ones = Share(place.rank, place.ranks).seed(7), torch.ones(1, 8, 4, 4)
        dropout = torch.nn.Dropout(0.5)
        with regularise.RandomLayers(dropout, 0.0, seed, "cpu"):
            eager = dropout(ones).flatten().tolist()
        with regularise.drawing_from(seed, "cpu"):  # as compiled dropouts draw
            return eager, torch.rand(3).tolist()

    first, second = run_together(work, TWO)
    assert first[0] != second[0] and first[1] != second[1]
    alone = training(chain(BatchNorm2d(), Dropout(0.5)))
    assert len(alone.on(TWO, silent).curve) == 3


@pytest.mark.slow
def test_a_training_that_goes_on():
    begun = training(chain()).here(silent).weights
    one = training(chain(), weights=begun)
    alone, together = one.here(silent), one.on(TWO, silent)
    assert largest_difference(alone.weights, together.weights) < 1e-6
    assert largest_difference(begun, together.weights) > 0.01


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_others():
    os_, time_, signal_ = os, time, signal

    def work(place, say):
        from torch import distributed

        say(os_.getpid())
        if place.rank == 1:
            os_.kill(os_.getpid(), signal_.SIGKILL)
        distributed.all_reduce(torch.zeros(3))  # of which only the first knows
        time_.sleep(600)

    heard = []
    with pytest.raises(UserError, match=r"devices: the process on cpu \(2 of 2\) was killed \(SIGKILL\)"):
        run_together(work, TWO, heard.append)
    assert heard and all(gone(number) for number in heard)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("what", "kind", "message"),
    [
        ("ValueError('no such thing')", UserError, r"\(2 of 2\) failed: ValueError: no such thing"),
        ("UserError('seed: expected 1')", UserError, "^seed: expected 1$"),
        ("MemoryError('64 GiB')", MemoryError, "^64 GiB$"),
        ("RuntimeError('CUDA out of memory. Tried')", MemoryError, "^CUDA out of memory. Tried$"),
        ("DivergenceError('the loss was nan')", DivergenceError, "^the loss was nan$"),
    ],
)
def test_what_a_process_raises(what, kind, message):
    errors = {"UserError": UserError, "DivergenceError": DivergenceError}

    def work(place, say):
        from torch import distributed

        if place.rank == 1:
            raise eval(what, errors)
        distributed.all_reduce(torch.zeros(3))

    with pytest.raises(kind, match=message) as caught:
        run_together(work, TWO)
    assert "Traceback" in str(caught.value.__cause__)


@pytest.mark.slow
def test_a_process_that_hangs_is_not_waited_for():
    time_ = time

    def work(place, say):
        from torch import distributed

        if place.rank == 1:
            time_.sleep(600)
        distributed.all_reduce(torch.zeros(3))

    with pytest.raises(UserError, match=r"\(1 of 2\) waited for the others in vain: .*[Tt]imed out"):
        run_together(work, TWO, patience=4)


@pytest.mark.slow
def test_divergence_is_said():
    plan = PLAN.changed({"learning_rate": 1e38, "gradient_clip": 0.0})
    with pytest.raises(DivergenceError, match="the training loss was (nan|inf) in epoch . of 3"):
        training(chain(), plan).on(TWO, silent)


def test_what_cannot_be_sent_is_refused_before_anything_starts(tmp_path):
    with open(tmp_path / "file", "w") as file, pytest.raises(UserError, match="devices: it cannot be sent"):
        run_together(lambda place, say: file.name, TWO)


def gone(number: int) -> bool:
    """Whether a process has ended."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return True
    return False
