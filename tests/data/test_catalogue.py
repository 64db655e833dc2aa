from pathlib import Path

import numpy as np
import pytest

from evonas.data import build_dataset, dataset_names, default_data_dir, describe_datasets, load_dataset
from evonas.data.catalogue import open_named
from evonas.errors import UserError

SHIPPED = ["cifar10", "cifar100", "digits", "fashion-mnist", "mnist", "svhn"]


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Installs a package that provides datasets, the way pip leaves it on disk."""

    def write(entries: str, code: str, package: str = "blobs") -> None:
        site = tmp_path / package
        (site / f"{package}-1.0.dist-info").mkdir(parents=True)
        (site / f"{package}-1.0.dist-info" / "METADATA").write_text(f"Name: {package}\nVersion: 1.0\n")
        (site / f"{package}-1.0.dist-info" / "entry_points.txt").write_text(f"[evonas.datasets]\n{entries}\n")
        (site / f"{package}.py").write_text(code)
        monkeypatch.syspath_prepend(site)

    return write


def test_the_shipped_names_are_installed():
    assert set(SHIPPED) <= set(dataset_names())


def test_every_shipped_dataset_describes_itself():
    lines = {line.name: line for line in describe_datasets()}
    for name in SHIPPED:
        assert lines[name].summary and "10" in lines[name].size and lines[name].origin
    assert {"FILE.npz", "FOLDER"} < set(lines)


def test_another_package_adds_a_dataset(install):
    install(
        "blobs = blobs_of_another_package:load\nplain = blobs_of_another_package:plain",
        """
import numpy as np
from evonas.data import ArraySource, named_dataset

@named_dataset(summary="two blobs", size="40 images", origin="made up")
def load(data_dir, download):
    return ArraySource(np.zeros((40, 2, 2), np.uint8), np.arange(40) % 2, classes=("left", "right"))

def plain(data_dir, download):
    '''A loader as simple as can be.

    With more to say.
    '''
    return ArraySource(np.full((40, 2, 2), float(str(data_dir)[-1])), np.arange(40) % (3 if download else 2))
""",
        "blobs_of_another_package",
    )
    data = load_dataset("blobs")
    assert data.classes == ("left", "right") and data.training_size == 32
    plain = load_dataset("plain", data_dir=Path("7"), download=True)
    assert plain.task.classes == 3 and (plain.full_training().x == 7).all()
    lines = {line.name: line for line in describe_datasets()}
    assert (lines["blobs"].summary, lines["blobs"].size, lines["blobs"].origin) == (
        "two blobs",
        "40 images",
        "made up",
    )
    assert lines["plain"].summary == "A loader as simple as can be."


def test_a_package_that_does_not_work_says_why(install):
    install(
        "\n".join(f"{name} = broken_datasets:{name}" for name in ("absent", "number", "nothing")),
        "number = 3\ndef nothing(data_dir, download): return None\n",
        "broken_datasets",
    )
    with pytest.raises(
        UserError, match=r"dataset 'absent': expected a loader at broken_datasets:absent, got Attr"
    ):
        load_dataset("absent")
    with pytest.raises(
        UserError, match="dataset 'number': expected a callable at broken_datasets:number, got int"
    ):
        load_dataset("number")
    with pytest.raises(
        UserError, match="dataset 'nothing': expected its loader to return an ImageSource, got None"
    ):
        load_dataset("nothing")
    lines = {line.name: line for line in describe_datasets()}
    assert lines["absent"].summary.startswith("cannot be loaded: AttributeError: ")
    assert lines["digits"].summary


def test_two_packages_with_one_name_are_told_apart(install):
    install("digits = other_digits:load", "", "other_digits")
    with pytest.raises(
        UserError, match="dataset 'digits': expected one package .*evonas.data.digits:load, other_dig"
    ):
        load_dataset("digits")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cifar", "got 'cifar', .*did you mean 'cifar10'[?] known: cifar10, cifar100, digits"),
        ("Digits", "got 'Digits', .*did you mean 'digits'"),
        ("", "got '', .*known: cifar10"),
        (
            "no/such/folder",
            "dataset 'no/such/folder': expected an .npz file or a folder of images there, got nothing",
        ),
        (
            "absent.npz",
            "dataset 'absent.npz': expected an .npz file or a folder of images there, got nothing",
        ),
    ],
)
def test_an_unknown_name_is_refused(name, message):
    with pytest.raises(UserError, match=message):
        load_dataset(name)


def test_a_name_goes_before_a_path(tmp_path, monkeypatch):
    (tmp_path / "digits").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load_dataset("digits").training_size == 1438
    with pytest.raises(UserError, match="digits: expected a sub-folder with images for each class"):
        load_dataset("./digits")


def test_digits_ignore_the_folder_for_files(tmp_path):
    source = open_named("digits", tmp_path / "absent", False)
    assert build_dataset("digits", source).fingerprint == load_dataset().fingerprint
    assert source.read_training(np.array([0]), None).shape == (1, 8, 8)


def test_the_default_folder_for_files_follows_the_platform(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_data_dir() == Path("/home/ada/.cache/evonas")
    monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
    assert default_data_dir() == Path("/caches/evonas")
    monkeypatch.setattr("sys.platform", "darwin")
    assert default_data_dir() == Path("/home/ada/Library/Caches/evonas")
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert default_data_dir() == Path("/local/evonas")


def test_a_bound_on_memory_that_is_none_is_refused():
    with pytest.raises(UserError, match="max_bytes: expected an integer of at least 1, got 0"):
        load_dataset("digits", max_bytes=0)


def test_a_folder_or_file_of_nearly_that_name_is_named(folder, monkeypatch):
    root = folder({"ant/1.png": b""}, root="stripes")
    monkeypatch.chdir(root.parent)
    with pytest.raises(UserError, match="which is none of them; did you mean 'stripes'"):
        load_dataset("stripe")
    with pytest.raises(UserError, match=f"there, got nothing; did you mean '{root}'"):
        load_dataset(str(root.parent / "stripe"))
