"""Images to search on.

`load_dataset` takes a name, FILE.npz or an image folder and returns an `ImageDataset`:

- `search_split` gives a search its training and validation images (stratified, seeded);
- `full_training` gives everything that is not test, to train the network that was found;
- `test` reads the test images. Nothing else does, so a search cannot see them.

`open_own` opens images that a trained network shall tell the classes of, in the form that it reads.

Images are numpy arrays (N, H, W, C), uint8 as stored or float32; labels are int64 from 0. The trainer makes
the tensors. `describe_datasets` lists the names. To add your own: arrays in memory go through `build_dataset`
and `ArraySource`; for a name of its own, a package registers a loader (`named_dataset`) under the entry-point
group ``evonas.datasets``, whose result is any `ImageSource`.
"""

from __future__ import annotations

from ..task import Pixels, Statistics
from .catalogue import DatasetDescription, NamedDataset, dataset_names, describe_datasets, named_dataset
from .dataset import ImageDataset
from .described import read_described, read_pixels
from .differing import differences
from .guessing import COUNTS, guessing, share_of_commonest
from .identity import Identity, NotedIdentity, pack_marks, read_marks
from .images import Images, Split, channel_statistics
from .labels import listed
from .layout import AUTO, BEFORE, LAYOUTS, check_layout
from .load import build_dataset, default_data_dir, load_dataset
from .marks import Marks, gathered
from .own_files import Batch
from .own_images import Access, OwnImages, Wanted, open_own
from .source import ArraySource, ImageSource, ValidatedSource
from .split import default_validation_fraction, take_validation

__all__ = [
    "AUTO",
    "Access",
    "ArraySource",
    "BEFORE",
    "Batch",
    "COUNTS",
    "DatasetDescription",
    "Identity",
    "ImageDataset",
    "ImageSource",
    "Images",
    "LAYOUTS",
    "Marks",
    "NamedDataset",
    "NotedIdentity",
    "OwnImages",
    "Pixels",
    "Split",
    "Statistics",
    "ValidatedSource",
    "Wanted",
    "build_dataset",
    "channel_statistics",
    "check_layout",
    "dataset_names",
    "default_data_dir",
    "default_validation_fraction",
    "describe_datasets",
    "differences",
    "gathered",
    "guessing",
    "listed",
    "load_dataset",
    "named_dataset",
    "open_own",
    "pack_marks",
    "read_described",
    "read_marks",
    "read_pixels",
    "share_of_commonest",
    "take_validation",
]
