"""Public benchmark datasets, read and downloaded by torchvision, which is imported only when one is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import UserError
from .catalogue import named_dataset
from .images import Shape
from .source import images_at

_DIGITS = tuple("0123456789")


@dataclass(frozen=True)
class _Set:
    """How one dataset is asked of torchvision.

    Attributes:
        name: The name in the catalogue.
        type_name: Its class in ``torchvision.datasets``.
        files: What lies in ``data_dir`` when it is there.
        mirror: Whether a horizontal flip keeps the meaning.
        classes: Class names; None: torchvision's.
    """

    name: str
    type_name: str
    files: str
    mirror: bool
    classes: tuple[str, ...] | None = None


_CIFAR10 = _Set("cifar10", "CIFAR10", "cifar-10-batches-py/", mirror=True)
_CIFAR100 = _Set("cifar100", "CIFAR100", "cifar-100-python/", mirror=True)
_MNIST = _Set("mnist", "MNIST", "MNIST/raw/", mirror=False, classes=_DIGITS)
_FASHION = _Set("fashion-mnist", "FashionMNIST", "FashionMNIST/raw/", mirror=True)
_SVHN = _Set("svhn", "SVHN", "train_32x32.mat and test_32x32.mat", mirror=False, classes=_DIGITS)


@dataclass(frozen=True, eq=False)
class TorchvisionSource:
    """The training part of a dataset in memory; the test part is opened when it is read."""

    spec: _Set
    data_dir: Path
    download: bool
    images: NDArray[Any]
    labels: NDArray[Any]
    classes: tuple[str, ...]
    has_test: bool = True

    @property
    def mirror(self) -> bool:
        """Whether a horizontal flip keeps the meaning."""
        return self.spec.mirror

    def read_training(self, index: NDArray[np.int64], shape: Shape | None) -> NDArray[Any]:
        """Training images at these positions."""
        return images_at(self.images, index)

    def read_test(self, shape: Shape) -> tuple[NDArray[Any], NDArray[Any]]:
        """Test images and labels."""
        return stored_arrays(_open_part(self.spec, self.data_dir, self.download, train=False))


@named_dataset(
    summary="small colour photographs (Krizhevsky, 2009)",
    size="50,000 + 10,000 images 32x32 colour, 10 classes",
    origin="torchvision, download 170 MB",
)
def cifar10(data_dir: Path, download: bool) -> TorchvisionSource:
    """CIFAR-10."""
    return _open_source(_CIFAR10, data_dir, download)


@named_dataset(
    summary="small colour photographs (Krizhevsky, 2009)",
    size="50,000 + 10,000 images 32x32 colour, 100 classes",
    origin="torchvision, download 169 MB",
)
def cifar100(data_dir: Path, download: bool) -> TorchvisionSource:
    """CIFAR-100, with its 100 fine labels."""
    return _open_source(_CIFAR100, data_dir, download)


@named_dataset(
    summary="handwritten digits (LeCun et al., 1998)",
    size="60,000 + 10,000 images 28x28 grey, 10 classes",
    origin="torchvision, download 12 MB",
)
def mnist(data_dir: Path, download: bool) -> TorchvisionSource:
    """MNIST."""
    return _open_source(_MNIST, data_dir, download)


@named_dataset(
    summary="articles of clothing (Xiao et al., 2017)",
    size="60,000 + 10,000 images 28x28 grey, 10 classes",
    origin="torchvision, download 31 MB",
)
def fashion_mnist(data_dir: Path, download: bool) -> TorchvisionSource:
    """Fashion-MNIST."""
    return _open_source(_FASHION, data_dir, download)


@named_dataset(
    summary="house numbers in street views, cropped (Netzer et al., 2011)",
    size="73,257 + 26,032 images 32x32 colour, 10 classes",
    origin="torchvision, download 246 MB",
)
def svhn(data_dir: Path, download: bool) -> TorchvisionSource:
    """SVHN, cropped digits, without its extra part."""
    return _open_source(_SVHN, data_dir, download)


def stored_arrays(dataset: Any) -> tuple[NDArray[Any], NDArray[Any]]:
    """Takes images (N, H, W) or (N, H, W, C) and labels out of a dataset of torchvision.

    Each class of torchvision keeps them its own way: MNIST as tensors, CIFAR as an array and a list,
    SVHN channels first and under another name.
    """
    labels = dataset.labels if hasattr(dataset, "labels") else dataset.targets
    images = np.asarray(dataset.data)
    if images.ndim == 4 and images.shape[1] == 3 and images.shape[3] != 3:
        images = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    return images, np.asarray(labels)


def _open_source(spec: _Set, data_dir: Path, download: bool) -> TorchvisionSource:
    dataset = _open_part(spec, data_dir, download, train=True)
    images, labels = stored_arrays(dataset)
    classes = spec.classes or tuple(str(name) for name in dataset.classes)
    return TorchvisionSource(spec, data_dir, download, images, labels, classes)


def _open_part(spec: _Set, data_dir: Path, download: bool, *, train: bool) -> Any:
    """Lets torchvision read one part.

    Raises:
        UserError: torchvision is not installed, the files are not there, or cannot be downloaded or read.
    """
    try:
        from torchvision import datasets
    except ImportError as error:
        raise UserError(
            f"dataset {spec.name!r}: expected torchvision, got {error}; pip install 'evonas[vision]'"
        ) from error
    kind = _one_part(getattr(datasets, spec.type_name), train)
    part: dict[str, Any] = {"split": "train" if train else "test"} if spec is _SVHN else {"train": train}
    try:
        return kind(root=data_dir, download=download, **part)
    except (RuntimeError, OSError, EOFError, ValueError, AssertionError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        if download:
            message = f"expected to download it to {data_dir}, or to read {spec.files} there, got: {reason}"
        elif "not found" in reason:
            message = (
                f"expected {spec.files} whole in {data_dir}, did not find it; download it with --download "
                "(download=True), or name the folder that has it with --data-dir (data_dir=...)"
            )
        else:
            message = f"expected {spec.files} in {data_dir} to be readable, got: {reason}"
        raise UserError(f"dataset {spec.name!r}: {message}") from error


def _one_part(kind: Any, train: bool) -> Any:
    """The class, made to look at one part alone: CIFAR's checksums would open the test images as well."""
    if not hasattr(kind, "train_list"):
        return kind
    return type(kind.__name__, (kind,), {"test_list" if train else "train_list": []})
