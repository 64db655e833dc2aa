"""Official releases become tables, and nothing in them is run."""

from __future__ import annotations

import bz2
import os
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from evonas.genomes.nasbench201.cell import EXAMPLE

from evonas.errors import UserError
from evonas.tables import convert, read_table

OTHER = EXAMPLE.replace("avg_pool_3x3", "none")


def run(accuracy: float, epochs: int, *images: str) -> dict[str, Any]:
    """One training, as `ResultsCount.state_dict` of the official code lays it out."""
    last = epochs - 1
    return {
        "name": "infer.tiny",
        "net_state_dict": None,
        "train_acc1es": {last: 99.0},
        "train_losses": {last: 0.1},
        "train_times": OrderedDict((epoch, 2.0) for epoch in range(epochs)),
        "arch_config": {"channel": 16, "num_cells": 5},
        "params": np.float64(0.802426),
        "flop": 113.95,
        "seed": 777,
        "epochs": epochs,
        "latency": [0.01],
        "eval_names": list(images),
        "eval_acc1es": {f"{name}@{last}": np.float64(accuracy) for name in images},
        "eval_times": {f"{name}@{epoch}": 0.5 for name in images for epoch in range(epochs)},
        "eval_losses": {f"{name}@{last}": 1.0 for name in images},
    }


def network(index: int, base: float, epochs: int) -> dict[str, Any]:
    """One network after one length of training, as `ArchResults.state_dict` lays it out."""
    return {
        "arch_index": index,
        "arch_str": "",
        "all_results": {
            ("cifar10-valid", 777): run(base, epochs, "x-valid", "ori-test"),
            ("cifar10-valid", 888): run(base + 1, epochs, "x-valid", "ori-test"),
            ("cifar10", 777): run(base + 5, epochs, "ori-test"),
            ("cifar100", 777): run(base - 20, epochs, "x-valid", "x-test", "ori-test"),
        },
        "dataset_seed": {"cifar10-valid": [777, 888], "cifar10": [777], "cifar100": [777]},
        "clear_net_done": True,
    }


def whole(short: str, long: str) -> dict[str, Any]:
    return {
        "meta_archs": [EXAMPLE, OTHER],
        "arch2infos": {
            index: {short: network(index, 80 - index, 12), long: network(index, 90 - index, 200)}
            for index in (0, 1)
        },
        "evaluated_indexes": {0, 1},
    }


def expect_table(path: Path) -> None:
    table = read_table(path)
    assert table.genotypes == (EXAMPLE, OTHER)
    assert table.datasets == ["cifar10", "cifar100", "imagenet16"]
    early = table.figures("cifar10")
    assert (early.epochs, early.valid[EXAMPLE], early.valid[OTHER]) == (12, 0.805, 0.795)
    assert (early.test_epochs, early.test[EXAMPLE]) == (200, 0.95)
    assert early.seconds[EXAMPLE] == 12 * 2.5
    assert table.figures("cifar100", 200).valid[EXAMPLE] == 0.7
    assert table.figures("imagenet16").valid == {}
    header, line, _ = path.read_text(encoding="utf-8").splitlines()
    row = dict(zip(header.split(","), line.split(","), strict=True))
    assert (row["parameters"], row["flops"]) == ("802426", "227900000")


def test_nas_bench_201(tmp_path: Path) -> None:
    torch.save(whole("less", "full"), tmp_path / "NAS-Bench-201-v1_1.pth")
    assert convert(tmp_path / "NAS-Bench-201-v1_1.pth", tmp_path / "out.csv") == 2
    expect_table(tmp_path / "out.csv")


def test_nas_bench_201_of_an_old_torch(tmp_path: Path) -> None:
    path = tmp_path / "old.pth"
    torch.save(whole("less", "full"), path, _use_new_zipfile_serialization=False)
    convert(path, tmp_path / "out.csv")
    expect_table(tmp_path / "out.csv")


def test_nats_bench_in_one_file(tmp_path: Path) -> None:
    path = tmp_path / "NATS-tss-v1_0.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(whole("12", "200"))))
    convert(path, tmp_path / "out.csv")
    expect_table(tmp_path / "out.csv")


def test_nats_bench_in_a_folder(tmp_path: Path) -> None:
    folder, data = tmp_path / "NATS-tss-v1_0-simple", whole("12", "200")
    folder.mkdir()
    parts = {"meta": {key: data[key] for key in ("meta_archs", "evaluated_indexes")}}
    parts |= {f"{index:06d}": data["arch2infos"][index] for index in (0, 1)}
    for name, part in parts.items():
        (folder / f"{name}.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(part)))
    convert(folder, tmp_path / "out.csv")
    expect_table(tmp_path / "out.csv")


class Bomb:
    """Unpickled as usual, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_nothing_is_run(tmp_path: Path) -> None:
    bomb = {**whole("12", "200"), "more": Bomb(tmp_path / "harm")}
    path = tmp_path / "bomb.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps(bomb)))
    with pytest.raises(UserError, match=r"it names posix\.mkdir, which is no plain data"):
        convert(path, tmp_path / "out.csv")
    torch.save(bomb, tmp_path / "bomb.pth")
    with pytest.raises(UserError, match="it holds no plain data that torch can read"):
        convert(tmp_path / "bomb.pth", tmp_path / "out.csv")
    assert not (tmp_path / "harm").exists() and not (tmp_path / "out.csv").exists()


def changed(**changes: Any) -> dict[str, Any]:
    """A network's trainings, in the one of which something is laid out otherwise."""
    made = network(0, 80, 12)
    made["all_results"]["cifar10-valid", 777] |= changes
    return {"12": made}


@pytest.mark.parametrize(
    ("cells", "results"),
    [
        (["x"], {0: {"less": {}}}),
        (["x"], {0: {"less": 5}}),
        (["x"], {0: 5}),
        (["x"], 5),
        (["x"], {0: {"some": {"all_results": {}}}}),
        (["x"], {0: {"less": {"all_results": {"cifar10": {}}}}}),
        (["x"], {0: {"less": {"all_results": {("cifar10-valid", 1): {}}}}}),
        (["x"], {0: {"less": {"all_results": {("cifar10-valid", 1): 5}}}}),
        (["x"], {7: {}}),
        (["x"], {-1: {}}),
        (["x"], {"a": {}, 0: {}}),
        (["x"], {None: {}}),
        ("x", {0: {}}),
        ([5], {0: {}}),
        (5, {0: {}}),
        (["x"], {0: changed(eval_acc1es={"x-valid@11": 150.0})}),
        (["x"], {0: changed(eval_acc1es={"x-valid@11": float("nan")})}),
        (["x"], {0: changed(eval_acc1es={"x-valid@11": "high"})}),
        (["x"], {0: changed(eval_acc1es=[])}),
        (["x"], {0: changed(epochs=10**12)}),
        (["x"], {0: changed(epochs="12")}),
        (["x"], {0: changed(params=float("inf"))}),
        (["x"], {0: changed(flop="x")}),
        (["x"], {0: changed(train_times={0: "x"})}),
        (["x"], {0: changed(train_times=[1.0])}),
        (["x"], {0: changed(eval_times=5)}),
    ],
)
def test_a_release_of_another_shape(tmp_path: Path, cells: Any, results: Any) -> None:
    path = tmp_path / "x.pickle.pbz2"
    path.write_bytes(bz2.compress(pickle.dumps({"meta_archs": cells, "arch2infos": results})))
    with pytest.raises(UserError, match=r"release .*x\.pickle\.pbz2: "):
        convert(path, tmp_path / "out.csv")
    assert [one.name for one in tmp_path.iterdir()] == [path.name]


def test_what_is_no_release(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="expected a file or folder of NAS-Bench-201, got none"):
        convert(tmp_path / "none.pth", tmp_path / "out.csv")
    torch.save({"weights": 1}, tmp_path / "other.pth")
    with pytest.raises(
        UserError, match="expected a file of NAS-Bench-201 or NATS-Bench, which has 'meta_archs'"
    ):
        convert(tmp_path / "other.pth", tmp_path / "out.csv")
    (tmp_path / "cut.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(whole("12", "200")))[:200])
    with pytest.raises(UserError, match="no whole pickle"):
        convert(tmp_path / "cut.pickle.pbz2", tmp_path / "out.csv")
    (tmp_path / "out.csv").write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="expected a new file, got one that exists"):
        convert(tmp_path / "other.pth", tmp_path / "out.csv")
