import pytest

from evonas.errors import UserError
from evonas.search.executors.base import cores
from evonas.search.executors.endings import how_it_ended
from evonas.search.executors.processes import Place
from evonas.settings.machines import ON_A_GPU, Machines, read_machines


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"workers": -1}, "workers: expected a whole number of at least 0 or auto, got -1"),
        ({"workers": True}, "workers: expected a whole number of at least 0 or auto, got True"),
        ({"workers": "many"}, "workers: expected a whole number of at least 0 or auto, got 'many'"),
        ({"devices": "gpu"}, "device: expected auto, cpu, cuda or cuda:N, got 'gpu'"),
        ({"devices": "cpu,cpu"}, "devices: cpu is named twice; per_device gives it several workers"),
        ({"devices": 3}, "devices: expected names such as cuda:0,cuda:1, got 3"),
        ({"devices": []}, r"devices: expected names such as cuda:0,cuda:1, got \[\]"),
        ({"devices": "cpu", "workers": 2}, "workers: expected none with devices"),
        ({"per_device": 2}, "per_device: expected only with devices or ray"),
        (
            {"devices": "cpu", "per_device": 0},
            "per_device: expected a whole number of at least 1 or auto, got 0",
        ),
        ({"devices": "cpu", "per_device": "x"}, "per_device: expected a whole number .* or auto, got 'x'"),
        (
            {"devices": "cpu", "device_memory": "1GB"},
            "device_memory: expected only with devices and per_device",
        ),
        (
            {"devices": "cpu", "per_device": 2, "device_memory": "much"},
            "device_memory: expected an amount of memory such as 512MB or 8GiB, got 'much'",
        ),
        ({"timeout": 0}, "timeout: expected seconds above 0, got 0"),
        ({"timeout": 1, "workers": 0}, "workers: expected at least 1 with a timeout or ray, got 0"),
        ({"ray": "local", "devices": "cpu"}, "devices: expected none with ray"),
        ({"ray": 1}, "ray: expected an address or local, got 1"),
    ],
)
def test_what_is_refused(asked, message):
    with pytest.raises(UserError, match=message):
        read_machines(**asked)


class Settings:
    device, threads = "cpu", 1


def test_slots():
    assert not read_machines().apart
    assert not read_machines(0).apart
    assert read_machines(timeout=3).apart
    assert read_machines(timeout=3).places(Settings, True) == [Place()]
    assert read_machines("3").places(Settings, True) == [Place()] * 3
    assert len(read_machines("auto").places(Settings, True)) == cores()
    both = read_machines(devices="cpu", per_device="2", device_memory="1GB")
    assert both.places(Settings, packs=True) == [Place("cpu", 2, 10**9)]
    assert both.places(Settings, packs=False) == [Place("cpu"), Place("cpu")]
    (place,) = read_machines(devices="cpu", per_device="auto").places(Settings, packs=True)
    assert place.capacity == cores()

    class OnGpu:
        device, threads = "cuda:1", 1

    assert read_machines("auto").places(OnGpu, True) == [Place("cuda:1")]
    assert read_machines(2).places(OnGpu, True) == [Place("cuda:1"), Place("cuda:1")]
    assert Machines(devices=("cuda:0", "cuda:1"), per_device="auto").places(OnGpu, True) == [
        Place("cuda:0", ON_A_GPU),
        Place("cuda:1", ON_A_GPU),
    ]


def test_endings_in_words():
    assert "memory" in how_it_ended(-9)
    assert how_it_ended(-10) == "was ended by SIGUSR1"
    assert how_it_ended(-1000) == "was ended by signal 1000"
