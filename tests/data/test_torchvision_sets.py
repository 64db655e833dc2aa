import gzip
import hashlib
import pickle  # CIFAR's own format, written here so that torchvision has something real to read
import struct
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from evonas.data import load_dataset
from evonas.errors import UserError
from evonas.task import Task

datasets = pytest.importorskip("torchvision.datasets")

TRAIN, TEST = 40, 20


def idx(array: np.ndarray) -> bytes:
    """The format of MNIST's files: type 8 (unsigned byte), rank, sizes, bytes."""
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def grey(count: int) -> np.ndarray:
    return (np.arange(count)[:, None, None] + np.zeros((1, 28, 28))).astype(np.uint8)


def mnist_files() -> dict[str, bytes]:
    files = {}
    for part, count in (("train", TRAIN), ("t10k", TEST)):
        files[f"{part}-images-idx3-ubyte"] = idx(grey(count))
        files[f"{part}-labels-idx1-ubyte"] = idx((np.arange(count) % 10).astype(np.uint8))
    return files


def write_mnist(root: Path, kind: str = "MNIST") -> Path:
    raw = root / kind / "raw"
    raw.mkdir(parents=True)
    for name, content in mnist_files().items():
        (raw / name).write_bytes(content)
    return raw


def colours(count: int) -> np.ndarray:
    """Images (N, H, W, C) whose first channel is their number, whose second is the row, third the column."""
    rows, columns = np.mgrid[:32, :32]
    first = np.broadcast_to(np.arange(count)[:, None, None], (count, 32, 32))
    return np.stack(
        [first, np.broadcast_to(rows, first.shape), np.broadcast_to(columns, first.shape)], -1
    ).astype("u1")


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("name", "kind", "mirror"), [("mnist", "MNIST", False), ("fashion-mnist", "FashionMNIST", True)]
)
def test_mnist_and_fashion_mnist(tmp_path, name, kind, mirror):
    write_mnist(tmp_path, kind)
    data = load_dataset(name, data_dir=tmp_path)
    assert data.task == Task(channels=1, height=28, width=28, classes=10) and data.mirror is mirror
    assert data.classes == (tuple("0123456789") if name == "mnist" else tuple(datasets.FashionMNIST.classes))
    training, test = data.full_training(), data.test()
    assert training.x.dtype == np.uint8 and (training.x[..., 0] == grey(TRAIN)).all()
    assert (training.y == np.arange(TRAIN) % 10).all()
    assert (test.x[..., 0] == grey(TEST)).all() and (test.y == np.arange(TEST) % 10).all()


def test_a_search_never_opens_the_test_images_of_mnist(tmp_path):
    raw = write_mnist(tmp_path)
    (raw / "t10k-images-idx3-ubyte").write_bytes(b"garbage")
    data = load_dataset("mnist", data_dir=tmp_path, train_limit=30)
    assert len(data.search_split().y_train) == 20
    with pytest.raises(UserError, match=r"dataset 'mnist': expected MNIST/raw/ in .* to be readable, got: "):
        data.test()


@pytest.fixture
def serve(monkeypatch):
    """Serves a folder on a free port of this machine and returns its address."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    servers = []

    def start(folder: Path) -> str:
        handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
        servers.append(ThreadingHTTPServer(("127.0.0.1", 0), handler))
        Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{servers[-1].server_port}/"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_mnist_is_downloaded_when_asked(tmp_path, monkeypatch, serve):
    """The real download, from a server on this machine."""
    server = tmp_path / "server"
    server.mkdir()
    resources = []
    for name, content in mnist_files().items():
        path = server / f"{name}.gz"
        path.write_bytes(gzip.compress(content))
        resources.append((path.name, md5(path)))
    monkeypatch.setattr(datasets.MNIST, "mirrors", [serve(server)])
    monkeypatch.setattr(datasets.MNIST, "resources", resources)
    data_dir = tmp_path / "new" / "folder"
    with pytest.raises(UserError, match="did not find it; download it with --download"):
        load_dataset("mnist", data_dir=data_dir)
    assert not data_dir.exists()
    data = load_dataset("mnist", data_dir=data_dir, download=True)
    assert data.training_size == TRAIN and len(data.test()) == TEST
    assert load_dataset("mnist", data_dir=data_dir).fingerprint == data.fingerprint


def test_a_download_that_fails_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.MNIST, "mirrors", [f"{tmp_path.as_uri()}/no-server/"])
    message = (
        "dataset 'mnist': expected to download it to .*, or to read MNIST/raw/ there, got: .*No such file"
    )
    with pytest.raises(UserError, match=message) as caught:
        load_dataset("mnist", data_dir=tmp_path, download=True)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "files"),
    [
        ("cifar10", "cifar-10-batches-py/"),
        ("cifar100", "cifar-100-python/"),
        ("mnist", "MNIST/raw/"),
        ("fashion-mnist", "FashionMNIST/raw/"),
        ("svhn", "train_32x32.mat and test_32x32.mat"),
    ],
)
def test_missing_files_are_one_clear_message(tmp_path, name, files):
    message = (
        rf"^dataset '{name}': expected {files} whole in {tmp_path}, did not find it; download it with "
        r"--download \(download=True\), or name the folder that has it with --data-dir \(data_dir=...\)$"
    )
    with pytest.raises(UserError, match=message):
        load_dataset(name, data_dir=tmp_path)


@pytest.fixture
def cifar10(tmp_path, monkeypatch) -> Path:
    """CIFAR-10 in torchvision's files, with few images; torchvision is told their checksums."""
    base = tmp_path / "cifar-10-batches-py"
    base.mkdir()

    def write(name: str, content: dict[str, object]) -> list[str]:
        (base / name).write_bytes(pickle.dumps(content))
        return [name, md5(base / name)]

    def batch(count: int) -> dict[str, object]:
        return {
            "data": colours(count).transpose(0, 3, 1, 2).reshape(count, -1),
            "labels": [n % 10 for n in range(count)],
        }

    names = [f"class {k}" for k in range(10)]
    monkeypatch.setattr(datasets.CIFAR10, "train_list", [write("data_batch_1", batch(TRAIN))])
    monkeypatch.setattr(datasets.CIFAR10, "test_list", [write("test_batch", batch(TEST))])
    filename, checksum = write("batches.meta", {"label_names": names})
    meta = {"filename": filename, "key": "label_names", "md5": checksum}
    monkeypatch.setattr(datasets.CIFAR10, "meta", meta)
    return base


def test_cifar10(cifar10):
    data = load_dataset("cifar10", data_dir=cifar10.parent)
    assert data.task == Task(channels=3, height=32, width=32, classes=10) and data.mirror
    assert data.classes[3] == "class 3"
    assert (data.full_training().x == colours(TRAIN)).all() and (data.test().x == colours(TEST)).all()
    assert (data.test().y == np.arange(TEST) % 10).all()


def test_a_search_never_opens_the_test_images_of_cifar10(cifar10):
    (cifar10 / "test_batch").unlink()
    data = load_dataset("cifar10", data_dir=cifar10.parent)
    assert len(data.search_split().y_val) == 10  # 8 by the fraction, but one of each class
    with pytest.raises(UserError, match="dataset 'cifar10': expected cifar-10-batches-py/ whole in"):
        data.test()


def test_cifar10_with_another_checksum_is_not_opened(cifar10):
    with open(cifar10 / "data_batch_1", "ab") as stream:
        stream.write(b"!")
    with pytest.raises(UserError, match="dataset 'cifar10': expected cifar-10-batches-py/ whole in"):
        load_dataset("cifar10", data_dir=cifar10.parent)


def test_svhn(tmp_path, monkeypatch):
    scipy_io = pytest.importorskip("scipy.io")
    parts = {}
    for part, count in (("train", TRAIN), ("test", TEST)):
        path = tmp_path / f"{part}_32x32.mat"
        labels = np.arange(count) % 10
        labels[labels == 0] = 10  # as the files have it
        scipy_io.savemat(
            path, {"X": colours(count).transpose(1, 2, 3, 0), "y": labels[:, None].astype(np.uint8)}
        )
        parts[part] = ["", path.name, md5(path)]
    monkeypatch.setattr(datasets.SVHN, "split_list", parts)
    data = load_dataset("svhn", data_dir=tmp_path)
    assert data.classes == tuple("0123456789") and data.mirror is False
    training, test = data.full_training(), data.test()
    assert (training.x == colours(TRAIN)).all() and (training.y == np.arange(TRAIN) % 10).all()
    assert (test.x == colours(TEST)).all()


def test_without_torchvision_the_message_says_what_to_install(tmp_path):
    """In another process, where a module that fails to import stands in its place."""
    (tmp_path / "torchvision.py").write_text("raise ImportError('not here')")
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "from evonas.data import load_dataset, describe_datasets\n"
        "assert any(line.name == 'cifar10' for line in describe_datasets())\n"
        "try: load_dataset('cifar10')\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert (
        done.stdout == "dataset 'cifar10': expected torchvision, got not here; pip install 'evonas[vision]'\n"
    )
