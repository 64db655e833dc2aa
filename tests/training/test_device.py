import pytest
import torch

from evonas.errors import UserError
from evonas.training.device import Compute, choose_device, choose_precision, fast_bfloat16


@pytest.mark.parametrize("wanted", ["gpu", "cuda0", "cuda:x", "cuda:", "", "mps:0", "CPU"])
def test_a_device_that_is_none(wanted):
    if wanted == "cuda:":
        wanted = "cuda:-1"
    with pytest.raises(UserError, match=f"device: expected auto, cpu, cuda or cuda:N, got {wanted!r}"):
        choose_device(wanted)


def test_a_device_that_is_not_here():
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    with pytest.raises(
        UserError, match=rf"device: 'cuda:99' was asked for, and this machine has {count} CUDA"
    ):
        choose_device("cuda:99")
    if not count:
        with pytest.raises(UserError, match="device: 'cuda' was asked for"):
            choose_device("cuda")


def test_the_cpu_is_always_there():
    assert choose_device("cpu") == "cpu"
    assert choose_device() == ("cuda:0" if torch.cuda.is_available() else "cpu")


@pytest.mark.gpu
def test_the_gpu_is_preferred():
    assert choose_device() == choose_device("cuda") == choose_device("cuda:0") == "cuda:0"
    assert choose_precision("cuda:0", separable=True) == "bfloat16"


def test_separable_networks_train_in_float32_on_a_cpu():
    assert choose_precision("cpu", separable=True) == "float32"
    assert choose_precision("cpu", separable=False) == ("bfloat16" if fast_bfloat16() else "float32")


@pytest.mark.parametrize(("precision", "dtype"), [("float32", torch.float32), ("bfloat16", torch.bfloat16)])
def test_precision_is_that_of_the_forward_pass(precision, dtype):
    layer = torch.nn.Linear(3, 2)
    with Compute("cpu", precision).autocast():
        assert layer(torch.ones(1, 3)).dtype == dtype
    assert layer.weight.dtype == torch.float32
    assert layer(torch.ones(1, 3)).dtype == torch.float32


def test_threads_are_set():
    before = torch.get_num_threads()
    try:
        for threads in (2, 1):
            Compute(threads=threads).prepare()
            assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
