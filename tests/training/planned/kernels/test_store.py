"""Compiled code is kept from one process to the next, where nobody else can write."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from evonas.training.planned.kernels import ObjectStore, object_store, why_no_store
from evonas.training.planned.kernels.store import SUFFIX

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners of files are not known here")

KEY, OTHER = sha256(b"one").hexdigest(), sha256(b"other").hexdigest()
CODE = bytes(range(256)) * 8
UNPRIVILEGED = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere"
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this test's own in place of the user's."""
    monkeypatch.setenv("EVONAS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def store(cache: Path) -> ObjectStore:
    """The user's store."""
    found = object_store()
    assert found is not None and found.folder == cache / "kernels" and why_no_store() == ""
    return found


def file_of(store: ObjectStore, key: str = KEY) -> Path:
    return store.folder / f"{key}{SUFFIX}"


def refused(*words: str) -> bool:
    """Whether there is no store, for a reason that says all of that."""
    assert object_store() is None
    for word in words:
        assert word in why_no_store()
    return True


# -- what is kept ----------------------------------------------------------------------------------


def test_code_is_kept_under_its_key(store: ObjectStore) -> None:
    assert store.get(KEY) is None
    store.put(KEY, CODE)
    store.put(OTHER, b"")
    again = object_store()
    assert again is not None and (again.get(KEY), again.get(OTHER)) == (CODE, b"")
    store.put(KEY, b"new")
    assert store.get(KEY) == b"new"


def test_folders_and_files_are_the_users_alone(cache: Path) -> None:
    before = os.umask(0)
    try:
        store = object_store()
        assert store is not None
        store.put(KEY, CODE)
    finally:
        os.umask(before)
    assert [path.stat().st_mode & 0o777 for path in (cache, store.folder, file_of(store))] == [
        0o700,
        0o700,
        0o600,
    ]
    assert [path.name for path in store.folder.iterdir()] == [file_of(store).name]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "short", KEY.upper(), f"{KEY}\n", "0" * 129])
def test_keys_are_digests(store: ObjectStore, key: str) -> None:
    with pytest.raises(ValueError, match="hexadecimal digits"):
        store.get(key)
    with pytest.raises(ValueError, match="hexadecimal digits"):
        store.put(key, CODE)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut in its checksum": lambda content: content[:20],
    "cut": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "another bit in the checksum": lambda content: bytes([content[0] ^ 1]) + content[1:],
    "another bit in the code": lambda content: content[:-1] + bytes([content[-1] ^ 1]),
}


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_file_is_missing_until_it_is_replaced(store: ObjectStore, damage: str) -> None:
    store.put(KEY, CODE)
    path = file_of(store)
    path.write_bytes(DAMAGE[damage](path.read_bytes()))
    assert store.get(KEY) is None
    store.put(KEY, CODE)
    assert store.get(KEY) == CODE


def test_a_file_under_another_name_is_missing(store: ObjectStore) -> None:
    store.put(KEY, CODE)
    file_of(store).rename(file_of(store, OTHER))
    assert store.get(OTHER) is None


def test_the_oldest_go_where_there_is_no_room(cache: Path, store: ObjectStore) -> None:
    keys = [f"{number:064x}" for number in range(8)]
    small = ObjectStore(store.folder, limit=4 * (len(CODE) + 32))
    mine = [store.folder / "notes.txt", cache / "notes.txt"]
    for path in mine:
        path.write_bytes(bytes(10 * small.limit))
    left = store.folder / f"{OTHER}{SUFFIX}.0123456789abcdef.tmp"
    left.write_bytes(b"what a killed process has left")
    os.utime(left, (1, 1))
    for number, key in enumerate(keys):
        small.put(key, CODE)
        os.utime(file_of(store, key), (1000 + number,) * 2)
    assert [key for key in keys if small.get(key)] == keys[4:]
    assert not left.exists() and all(path.exists() for path in mine)
    small.put(OTHER, bytes(small.limit))  # more than all that may be kept
    assert small.get(OTHER) is None and small.get(keys[-1]) == CODE


WRITER = """
import sys
from evonas.training.planned.kernels import object_store
store = object_store()
print("ready", flush=True)
sys.stdin.readline()
for number in range(300):
    key, code = f"{number % 5:064x}", bytes([number % 5]) * 20_000
    found = store.get(key)
    assert found in (None, code), "half of it was seen"
    store.put(key, code)
    assert store.get(key) == code
"""


def test_two_processes_write_the_same_keys(store: ObjectStore) -> None:
    command = [sys.executable, "-c", WRITER]
    writers = [subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-1, text=True) for _ in range(2)]
    assert [writer.stdout.readline() for writer in writers if writer.stdout] == ["ready\n"] * 2
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    assert len(list(store.folder.iterdir())) == 5


FULL = """
import resource, sys
from evonas.training.planned.kernels import object_store
store = object_store()
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
store.put(sys.argv[1], bytes(5000))
assert store.get(sys.argv[1]) is None
store.put(sys.argv[1], bytes(500))
assert store.get(sys.argv[1]) == bytes(500)
"""


def test_what_the_disk_does_not_take_is_not_kept(store: ObjectStore) -> None:
    subprocess.run([sys.executable, "-c", FULL, KEY], check=True)
    assert list(store.folder.iterdir()) == [file_of(store)]


@UNPRIVILEGED
def test_a_folder_that_cannot_be_written_is_read(store: ObjectStore) -> None:
    store.put(KEY, CODE)
    store.folder.chmod(0o500)
    store.put(OTHER, CODE)
    assert (store.get(KEY), store.get(OTHER)) == (CODE, None)
    store.folder.chmod(0o700)


# -- what is not taken -----------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o770, 0o720, 0o702, 0o1777])
def test_a_folder_that_others_may_write_is_not_used(store: ObjectStore, mode: int) -> None:
    store.put(KEY, CODE)
    store.folder.chmod(mode)
    assert refused("others may write to it", f"mode {mode:o}", f"chmod 700 {store.folder}")
    assert store.get(KEY) is None
    store.put(OTHER, CODE)
    assert not file_of(store, OTHER).exists()
    store.folder.chmod(0o755)  # who may only read is nobody's concern
    assert store.get(KEY) == CODE


def test_a_folder_of_another_user_is_not_used(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.put(KEY, CODE)
    if os.geteuid() == 0:
        os.chown(store.folder, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert refused("belongs to another user")
    assert store.get(KEY) is None
    store.put(OTHER, CODE)
    assert not file_of(store, OTHER).exists()


@pytest.mark.parametrize("kind", ["link", "link that leads nowhere", "file"])
def test_what_is_no_folder_is_not_used(cache: Path, tmp_path: Path, kind: str) -> None:
    cache.mkdir()
    if kind == "file":
        (cache / "kernels").touch()
    else:
        (cache / "kernels").symlink_to(tmp_path / "elsewhere")
    if kind == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
    assert refused("Not a directory" if kind == "file" else "is a symbolic link", str(cache / "kernels"))
    store = ObjectStore(cache / "kernels")
    store.put(KEY, CODE)
    assert store.get(KEY) is None
    assert not (tmp_path / "elsewhere").exists() or not any((tmp_path / "elsewhere").iterdir())


def test_a_folder_in_one_that_anybody_may_write_is_not_used(cache: Path, store: ObjectStore) -> None:
    store.put(KEY, CODE)
    cache.chmod(0o777)
    assert refused(f"{cache}: anybody may write to it (mode 777)")
    assert store.get(KEY) is None
    store.folder.rename(cache / "before")
    assert refused("anybody may write")
    assert not store.folder.exists()  # nothing is made there
    (cache / "before").rename(store.folder)
    for mode in (0o1777, 0o775):  # as /tmp; as with a group of the user's own
        cache.chmod(mode)
        assert object_store() is not None and store.get(KEY) == CODE


def test_files_of_others_links_and_pipes_are_missing(store: ObjectStore, tmp_path: Path) -> None:
    store.put(KEY, CODE)
    path = file_of(store)
    path.chmod(0o620)
    assert store.get(KEY) is None
    if os.geteuid() == 0:
        path.chmod(0o600)
        os.chown(path, 12345, -1)
        assert store.get(KEY) is None
    path.chmod(0o600)
    path.rename(tmp_path / "whole")
    path.symlink_to(tmp_path / "whole")
    assert store.get(KEY) is None
    store.put(KEY, b"new")
    assert store.get(KEY) == b"new" and not path.is_symlink()
    assert (tmp_path / "whole").read_bytes().endswith(CODE)
    path.unlink()
    os.mkfifo(path)
    assert store.get(KEY) is None
    path.unlink()
    path.mkdir()
    assert store.get(KEY) is None
    store.put(KEY, CODE)  # it does not replace a folder
    assert store.get(KEY) is None
    assert list(store.folder.iterdir()) == [path]


# -- where it is -----------------------------------------------------------------------------------


def test_it_can_be_turned_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVONAS_CACHE", "")
    assert refused("turned off (EVONAS_CACHE is empty)")


def test_it_is_in_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EVONAS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    store = object_store()
    assert store is not None and store.folder.is_relative_to(tmp_path)
    assert store.folder.parts[-2:] == ("evonas", "kernels") or sys.platform != "linux"
    monkeypatch.setenv("EVONAS_CACHE", "~/mine")
    store = object_store()
    assert store is not None and store.folder == tmp_path / "home" / "mine" / "kernels"


def test_it_is_never_in_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVONAS_CACHE", "cache")
    assert refused("expected an absolute path, got 'cache'")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["file/cache", "x" * 300])
def test_a_place_where_none_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("EVONAS_CACHE", str(tmp_path / name))
    assert refused("cannot be made: ")


def test_a_folder_that_is_gone_is_no_error(store: ObjectStore) -> None:
    store.put(KEY, CODE)
    file_of(store).unlink()
    store.folder.rmdir()
    store.put(KEY, CODE)
    assert store.get(KEY) is None


def test_a_system_that_does_not_say_whose_files_are(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evonas.training.planned.kernels.own_folder.CHECKED", False)
    assert refused("on this system it is not checked who else may write a folder")
    assert not cache.exists()
