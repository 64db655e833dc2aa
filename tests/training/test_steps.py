"""Steps of a training: whole batches and parts of them, precisions, and a step that is replayed."""

import threading

import numpy as np
import pytest
import torch

from evonas.architecture.architecture import Architecture
from evonas.architecture.layers import (
    BatchNorm2d,
    Conv2d,
    Dropout,
    DropPath,
    GlobalAvgPool,
    Input,
    Linear,
    ReLU,
)
from evonas.network.network import build
from evonas.training import trainer
from evonas.training.device import Compute
from evonas.training.images import DeviceImages, Normalisation
from evonas.training.plan import Plan
from evonas.training.steps import WARM_UP, CapturedStep, Step, step_for
from evonas.training.trainer import fit, score, to_device

COMPUTE = Compute()
PLAN = Plan(epochs=2, batch_size=8, learning_rate=0.1, gradient_clip=1.0)


def small(*, norm=False, random=False, seed=0, compute=COMPUTE):
    """A network, with normalisation or layers that draw where that is wanted."""
    net = Architecture()
    node = net.add("conv", Conv2d(8, bias=True), net.add("image", Input((3, 6, 6))))
    node = net.add("bn", BatchNorm2d(), node) if norm else node
    node = net.add("relu", ReLU(), node)
    if random:
        node = net.add("path", DropPath(), net.add("dropout", Dropout(0.3), node))
    net.add("head", Linear(3), net.add("pool", GlobalAvgPool(), node))
    return to_device(build(net, seed, steered=True), compute)


def noise(count=40, device="cpu"):
    """Random images whose labels depend on them."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (count, 6, 6, 3)).astype(np.uint8)
    y = x[..., 0].mean((1, 2)).argsort().argsort() * 3 // count
    return DeviceImages(x, y, Normalisation((128,) * 3, (74,) * 3), device, 1)


def trained(plan=PLAN, compute=COMPUTE, part=None, **kind):
    network = small(compute=compute, **kind)
    done = fit(network, noise(device=compute.device), plan, compute, 3, mirror=True, part=part)
    return network, done


def numbers(network):
    return torch.cat([tensor.detach().flatten().double().cpu() for tensor in network.state_dict().values()])


# -- parts -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [1, 3, 4])
def test_parts_of_a_batch_have_the_gradients_of_the_whole(part):
    whole, done = trained()
    cut, cut_done = trained(part=part)
    assert (numbers(whole) - numbers(cut)).abs().max() < 1e-6
    assert [epoch.loss for epoch in cut_done.curve] == pytest.approx([epoch.loss for epoch in done.curve])
    assert cut_done.kept < done.kept
    assert cut_done.images == done.images


def test_one_part_is_the_same_as_none_bit_by_bit():
    assert torch.equal(numbers(trained(norm=True)[0]), numbers(trained(norm=True, part=8)[0]))


def test_parts_normalise_by_themselves():
    assert not torch.allclose(numbers(trained(norm=True)[0]), numbers(trained(norm=True, part=4)[0]))


# -- precisions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_lower_precisions_come_to_about_the_same(precision):
    plan = PLAN.changed({"epochs": 10})
    exact, low = trained(plan, norm=True)[0], trained(plan, Compute(precision=precision), norm=True)[0]
    assert not torch.equal(numbers(exact), numbers(low))
    assert all(parameter.dtype == torch.float32 for parameter in low.parameters())
    images = noise()
    losses = [score(network, images, COMPUTE).loss for network in (exact, low)]
    assert losses[1] == pytest.approx(losses[0], rel=0.05)


def test_a_first_step_that_overflows_in_float16_leaves_no_trace():
    """It is left out, and the next is as if it had been the first; what is not filled would show as NaN."""
    images, labels = next(noise().batches(8))
    networks = []
    torch.use_deterministic_algorithms(True)  # which fill memory that nobody has written
    try:
        for overflows in (False, True):
            networks.append(network := small(seed=1))
            step = Step(network, PLAN, Compute(precision="float16"), 8)
            if overflows:
                before = numbers(network)
                step(images * torch.inf, labels)
                assert torch.equal(numbers(network), before)
                step._scaler.update(2.0**16)  # as it was before
            for _ in range(2):
                step(images, labels)
    finally:
        torch.use_deterministic_algorithms(False)
    assert torch.equal(*map(numbers, networks))


# -- layers that draw ------------------------------------------------------------------------------

RANDOM = PLAN.changed({"drop_path": 0.4})


def test_layers_that_draw_leave_the_global_generator_alone():
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, _ = trained(RANDOM, random=True)
    assert torch.equal(torch.rand(3), expected)
    torch.manual_seed(8)
    assert torch.equal(numbers(trained(RANDOM, random=True)[0]), numbers(first))
    assert not torch.equal(numbers(trained(PLAN.changed({"drop_path": 0.1}), random=True)[0]), numbers(first))


def test_trainings_in_threads_are_those_that_run_alone():
    expected = [numbers(trained(RANDOM, random=True, norm=True, seed=seed)[0]) for seed in range(4)]
    found = {}

    def work(seed):
        found[seed] = numbers(trained(RANDOM, random=True, norm=True, seed=seed)[0])

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(found[seed], expected[seed]) for seed in range(4))


def test_networks_are_as_they_were_after_their_training():
    network, _ = trained(RANDOM, random=True)
    assert type(network.dropout) is torch.nn.Dropout
    assert "forward" not in vars(network.dropout)
    assert network.path.generator is None
    assert network.path.probability is None


# -- a step that is replayed -----------------------------------------------------------------------


class Pretended:
    """A CUDA graph without a device: replaying it computes what was captured, from the same memory."""

    def __init__(self):
        self.registered, self.replayed = [], 0
        self.step = None

    def register_generator_state(self, generator):
        self.registered.append(generator)

    def capture_begin(self, capture_error_mode):
        assert capture_error_mode == "thread_local"
        self.before = [tensor.clone() for tensor in self.step.state()]

    def capture_end(self):
        with torch.no_grad():  # nothing is computed while a step is captured
            for tensor, old in zip(self.step.state(), self.before, strict=True):
                tensor.copy_(old)

    def replay(self):
        self.replayed += 1
        self.step._loss_there.copy_(self.step._update(self.step._images, self.step._labels))


class OnCpu(CapturedStep):
    """A captured step on the CPU, its graph a pretended one."""

    graphs: list = []

    def state(self):
        for parameter in self.network.parameters():
            yield parameter
            yield self.optimiser.state[parameter]["momentum_buffer"]
        yield from self.network.buffers()


@pytest.fixture
def pretended(monkeypatch):
    made = []

    def graph():
        made.append(Pretended())
        made[-1].step = steps[-1]
        return made[-1]

    steps = []

    def step_for(network, plan, compute, part, generators):
        steps.append(OnCpu(network, plan, compute, part, generators))
        return steps[-1]

    class Stream:
        def synchronize(self):
            pass

    monkeypatch.setattr(torch.cuda, "CUDAGraph", graph)
    monkeypatch.setattr(torch.cuda, "current_stream", Stream)
    monkeypatch.setattr(trainer, "step_for", step_for)
    return made


@pytest.mark.parametrize("kind", [{"norm": True}, {"norm": True, "part": 4}, {}])
def test_a_replayed_training_is_the_eager_one(monkeypatch, request, kind):
    eager, done = trained(**kind)
    made = request.getfixturevalue("pretended")
    replayed, again = trained(**kind)
    assert torch.equal(numbers(replayed), numbers(eager))
    assert [epoch.loss for epoch in again.curve] == [epoch.loss for epoch in done.curve]
    (graph,) = made
    assert graph.replayed == 2 * 5 - WARM_UP
    assert again.kept == done.kept


def test_layers_that_draw_are_known_to_the_graph(pretended):
    trained(RANDOM, random=True)
    assert len(pretended[0].registered) == 2


def test_what_cannot_be_captured_is_trained_eagerly(pretended, monkeypatch):
    def fails(self):
        raise RuntimeError("operation failed due to a previous error during capture\nmore")

    monkeypatch.setattr(Pretended, "capture_end", fails)
    _, done = trained(norm=True)
    assert done.trouble == "operation failed due to a previous error during capture"
    assert pretended[0].replayed == 0
    assert len(pretended) == 1


def test_only_steps_on_a_gpu_are_captured():
    step = step_for(small(), PLAN, COMPUTE, 8, [])
    assert type(step) is Step
    assert not Compute("cuda:0", capture=False).capture


# -- on a device -----------------------------------------------------------------------------------

GPU = Compute("cuda:0", "float32")


@pytest.mark.gpu
@pytest.mark.parametrize("kind", [{"norm": True}, {"norm": True, "part": 4}, {"random": True}])
@pytest.mark.parametrize("precision", ["float32", "bfloat16", "float16"])
def test_captured_training_agrees_with_eager_training_on_a_gpu(kind, precision):
    plan = RANDOM.changed({"epochs": 4})
    runs = []
    for capture in (False, True):
        compute = Compute("cuda:0", precision, capture=capture)
        with compute.stream():
            network, done = trained(plan, compute, **kind)
        assert done.trouble == ""
        runs.append((numbers(network), [epoch.loss for epoch in done.curve]))
    tolerance = 1e-4 if precision == "float32" else 5e-2
    assert runs[1][1] == pytest.approx(runs[0][1], rel=tolerance)
    assert torch.allclose(runs[0][0], runs[1][0], atol=10 * tolerance)


@pytest.mark.gpu
def test_captured_trainings_side_by_side_on_a_gpu():
    def one(seed):
        with GPU.stream():
            return numbers(trained(RANDOM, GPU, norm=True, random=True, seed=seed)[0])

    expected = [one(seed) for seed in range(4)]
    found = {}
    threads = [threading.Thread(target=lambda s=seed: found.update({s: one(s)})) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.allclose(found[seed], expected[seed], atol=1e-4) for seed in range(4))


@pytest.mark.gpu
def test_memory_is_released_between_candidates_on_a_gpu():
    seen = []
    for _ in range(4):
        with GPU.stream():
            trained(RANDOM, GPU, norm=True, random=True)
        torch.cuda.empty_cache()
        seen.append(torch.cuda.memory_allocated())
    assert max(seen[2:]) <= seen[1], seen
