"""The errors that evonas raises on purpose."""

from __future__ import annotations

import errno
from collections.abc import Iterable
from pathlib import Path


class UserError(ValueError):
    """Bad input: the message names the argument, what was expected and what came.

    The command line prints it as one line and exits with status 2.
    """


class NotApplicable(Exception):  # noqa: N818 - a signal to draw another operator, not a failure
    """An operator or morphism finds no place in this genome to apply to; the strategy draws another."""


_REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space, or ask for a larger quota",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EIO: "look after the disk: it fails",
    errno.EFBIG: "allow larger files (ulimit -f)",
}


def what_to_do(error: OSError) -> str:
    """What helps against a refusal of the system, to end a message with; empty where that is not known.

    >>> what_to_do(OSError(errno.ENOSPC, "No space left on device"))
    ' (free some space, then resume)'
    """
    remedy = _REMEDIES.get(error.errno or 0)
    return f" ({remedy}, then resume)" if remedy else ""


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Completes an error message with the valid names, the nearest first where one is near.

    >>> nearest("ameba", ["amoeba", "genet"])
    "did you mean 'amoeba'? known: amoeba, genet"
    >>> nearest("x", ["amoeba"])
    'known: amoeba'
    """
    close = closest(name, known)
    hint = f"did you mean {close!r}? " if close else ""
    return f"{hint}known: {', '.join(known)}"


def closest(name: str, known: Iterable[str]) -> str | None:
    """The known name that a name was probably meant for; None where none is near."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(str(name), list(known), n=1)), None)


def nearest_path(path: Path, suffix: str = "") -> str:
    """A hint for a path where nothing is: what is there and has nearly that name.

    Args:
        path: What was asked for.
        suffix: Of files that would do; folders do where it is empty.

    Returns:
        ``did you mean 'PATH'?``, or nothing where none is near.
    """
    try:
        there = [item.name for item in path.parent.iterdir() if item.name.endswith(suffix)]
    except OSError:  # the folder is not there either, or is not for us to read
        return ""
    close = closest(path.name, sorted(name for name in there if not name.startswith(".")))
    return f"did you mean {str(path.parent / close)!r}?" if close else ""


def after(hint: str) -> str:
    """A hint at the end of a message, if there is one.

    >>> "nothing is there" + after("did you mean 'b'?"), "nothing is there" + after("")
    ("nothing is there; did you mean 'b'?", 'nothing is there')
    """
    return f"; {hint}" if hint else ""
