"""Which file system a folder is on: one of this machine, or one that other machines write as well."""

from __future__ import annotations

from pathlib import Path

SHARED = frozenset(
    "nfs nfs4 cifs smb2 smb3 smbfs ncpfs afs auristorfs coda ceph lustre gpfs beegfs pvfs2 orangefs "
    "glusterfs panfs wekafs gfs gfs2 ocfs2 9p virtiofs vboxsf prl_fs webdav davfs acfs mmfs quobyte moosefs "
    "lizardfs saunafs juicefs".split()
)
"""File systems that cross machines; ``fuse.`` before a name does not count."""

SHARED_BY_FUSE = frozenset("sshfs s3fs gcsfuse rclone mergerfs goofys blobfuse davfs2".split())

_MOUNTS = Path("/proc/self/mountinfo")


def is_shared(folder: Path, mounts: Path = _MOUNTS) -> bool:
    """Whether processes of other machines may use the files of a folder.

    Args:
        folder: Need not be there yet.
        mounts: Linux's list of what is mounted where; on other systems all folders count as this machine's.
    """
    kind = kind_of(folder, mounts)
    if kind is None:
        return False
    name = kind.removeprefix("fuse.")
    return name in SHARED or (kind != name and name in SHARED_BY_FUSE)


def kind_of(folder: Path, mounts: Path = _MOUNTS) -> str | None:
    """The name of the file system that a folder is on, such as ``ext4``; None where it cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return None
    where, found, longest = folder.resolve(), None, -1
    for line in lines:
        before, _, after = line.partition(" - ")
        fields = before.split()
        if len(fields) < 5 or not after:
            continue
        point = Path(_unescaped(fields[4]))
        # Of two at one place, the later one lies on top.
        if len(point.parts) >= longest and where.is_relative_to(point):
            found, longest = after.split()[0], len(point.parts)
    return found


def _unescaped(text: str) -> str:
    """A path, in which the list has put digits for blanks."""
    for code, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, character)
    return text
