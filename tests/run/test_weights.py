import json
import os
import stat
import struct
from pathlib import Path

import pytest
import torch

from evonas.errors import UserError
from evonas.run.weights import FolderStore, MemoryStore, Stored, WeightsError


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(0)
    return {
        "stem.conv.weight": torch.randn(4, 3, 3, 3, generator=generator),
        "stem.bn.running_mean": torch.tensor([0.0, -0.0, 1e-45, float("inf")]),
        "stem.bn.num_batches_tracked": torch.tensor(2**40),
        "head.weight": torch.randn(2, 4, generator=generator, dtype=torch.float64).to(torch.bfloat16),
        "empty": torch.zeros(0, 3),
    }


def same(one, other):
    return one.keys() == other.keys() and all(
        a.dtype == b.dtype
        and a.shape == b.shape
        and a.numpy(force=True).tobytes() == b.numpy(force=True).tobytes()
        if a.dtype != torch.bfloat16
        else torch.equal(a, b)
        for a, b in ((one[name], other[name]) for name in one)
    )


@pytest.fixture(params=["memory", "folder"])
def store(request, tmp_path):
    return MemoryStore() if request.param == "memory" else FolderStore(tmp_path / "run" / "weights")


def test_weights_come_back_to_the_last_bit(store, tensors):
    assert same(store.load(store.save(7, tensors)), tensors)


def test_the_store_has_tensors_of_its_own_list(store, tensors):
    stored = store.save(0, tensors)
    store.load(stored).clear()
    tensors_before = dict(tensors)
    tensors.clear()
    assert same(store.load(stored), tensors_before)


def test_candidates_do_not_get_in_each_others_way(store):
    kept = [
        store.save(number, {"x.weight": torch.full((3,), float(number))}) for number in (0, 1, 999_999, 10**7)
    ]
    store.remove(kept[1])
    assert [store.load(kept[n])["x.weight"][0].item() for n in (0, 2, 3)] == [0, 999_999, 10**7]
    store.remove(kept[1])  # once more does no harm


def test_a_file_is_whole_safetensors_and_nothing_else_is_left(tmp_path, tensors):
    store = FolderStore(tmp_path)
    stored = store.save(3, tensors)
    assert [path.name for path in tmp_path.iterdir()] == [stored.file] == ["000003.safetensors"]
    content = (tmp_path / stored.file).read_bytes()
    assert len(content) == stored.size
    (length,) = struct.unpack("<Q", content[:8])
    assert set(json.loads(content[8 : 8 + length])) == set(tensors)


def test_a_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_it_is_handed_out(
    tmp_path, tensors, monkeypatch
):
    """In this order a power cut leaves either nothing or a whole file."""
    happened = []

    def fsync(handle, real=os.fsync):
        happened.append("flushed folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "flushed file")
        real(handle)

    def replace(source, target, real=os.replace):
        happened.append(f"renamed to {Path(target).name}")
        real(source, target)

    monkeypatch.setattr("os.fsync", fsync)
    monkeypatch.setattr("os.replace", replace)
    store = FolderStore(tmp_path / "weights")
    store.save(0, tensors)
    store.save(1, tensors)
    each = ["flushed file", "renamed to {}.safetensors", "flushed folder"]
    first, second = ([step.format(name) for step in each] for name in ("000000", "000001"))
    assert happened == ["flushed folder", *first, *second]


def test_the_same_weights_are_the_same_bytes(tmp_path, tensors):
    shuffled = dict(reversed(tensors.items()))
    assert (
        FolderStore(tmp_path / "a").save(0, tensors).digest
        == FolderStore(tmp_path / "b").save(0, shuffled).digest
    )


def test_a_missing_file(tmp_path, tensors):
    store = FolderStore(tmp_path)
    stored = store.save(3, tensors)
    store.remove(stored)
    with pytest.raises(WeightsError, match=r"weights .*000003\.safetensors: cannot be read: No such file"):
        store.load(stored)


@pytest.mark.parametrize("place", [0, 5, 20, 200, -1])
def test_a_damaged_file(tmp_path, tensors, place):
    store = FolderStore(tmp_path)
    stored = store.save(3, tensors)
    path = tmp_path / stored.file
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"weights .*000003\.safetensors: the file is damaged: .* another"):
        store.load(stored)


@pytest.mark.parametrize("length", [0, 1, 100])
def test_a_file_that_is_cut_short(tmp_path, tensors, length):
    store = FolderStore(tmp_path)
    stored = store.save(3, tensors)
    path = tmp_path / stored.file
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(
        UserError, match=rf"the file is damaged: expected {stored.size:,} bytes .* got {length} bytes"
    ):
        store.load(stored)


def test_what_is_no_safetensors_file(tmp_path):
    """Such as a pickle, which would run code: it is not even looked at."""
    from evonas.run.weights import digest

    content = b"\x80\x04cos\nsystem\n(S'false'\ntR."
    (tmp_path / "000000.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="no safetensors file"):
        FolderStore(tmp_path).load(Stored(0, "000000.safetensors", len(content), digest(content)))


@pytest.mark.parametrize("name", ["../secret.safetensors", "/etc/passwd", "a/b.safetensors"])
def test_a_file_name_cannot_lead_elsewhere(tmp_path, name):
    with pytest.raises(UserError, match="weights of candidate 0: .* is not a plain file name"):
        FolderStore(tmp_path).load(Stored(0, name, 1, ""))


def test_a_folder_that_cannot_be_written(tmp_path, tensors):
    (tmp_path / "weights").write_text("a file")
    with pytest.raises(WeightsError, match=r"weights .*weights.000000\.safetensors: cannot be written: "):
        FolderStore(tmp_path / "weights").save(0, tensors)


def test_a_sweep_removes_what_a_kill_has_left_and_nothing_else(tmp_path, tensors):
    store = FolderStore(tmp_path)
    kept, lost = store.save(0, tensors), store.save(1, tensors)
    (tmp_path / "000002.safetensors.tmp").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("mine")
    store.sweep({kept.file})
    assert sorted(path.name for path in tmp_path.iterdir()) == [kept.file, "notes.txt"]
    assert same(store.load(kept), tensors)
    with pytest.raises(WeightsError):
        store.load(lost)


def test_a_sweep_of_no_folder(tmp_path):
    FolderStore(tmp_path / "weights").sweep(set())
    assert not (tmp_path / "weights").exists()
