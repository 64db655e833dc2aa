"""Images to search on.

`load_dataset` takes a name, FILE.npz or an image folder and returns an `ImageDataset`:

- `search_split` gives a search its training and validation images (stratified, seeded);
- `full_training` gives everything that is not test, to train the network that was found;
- `test` reads the test images. Nothing else does, so a search cannot see them.

Images are numpy arrays (N, H, W, C), uint8 as stored or float32; labels are int64 from 0. The trainer makes
the tensors. `describe_datasets` lists the names. To add your own: arrays in memory go through `build_dataset`
and `ArraySource`; for a name of its own, a package registers a loader (`named_dataset`) under the entry-point
group ``evonas.datasets``, whose result is any `ImageSource`.
"""

from __future__ import annotations

from ..task import Statistics
from .catalogue import DatasetDescription, NamedDataset, dataset_names, describe_datasets, named_dataset
from .dataset import ImageDataset
from .described import read_described
from .guessing import COUNTS, guessing, share_of_commonest
from .images import Images, Split, channel_statistics
from .layout import AUTO, BEFORE, LAYOUTS, check_layout
from .load import build_dataset, default_data_dir, load_dataset
from .source import ArraySource, ImageSource, ValidatedSource

__all__ = [
    "AUTO",
    "ArraySource",
    "BEFORE",
    "COUNTS",
    "DatasetDescription",
    "ImageDataset",
    "ImageSource",
    "Images",
    "LAYOUTS",
    "NamedDataset",
    "Split",
    "Statistics",
    "ValidatedSource",
    "build_dataset",
    "channel_statistics",
    "check_layout",
    "dataset_names",
    "default_data_dir",
    "describe_datasets",
    "guessing",
    "load_dataset",
    "named_dataset",
    "read_described",
    "share_of_commonest",
]
