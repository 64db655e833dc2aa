"""The errors that evonas raises on purpose."""


class UserError(ValueError):
    """Bad input: the message names the argument, what was expected and what came.

    The command line prints it as one line and exits with status 2.
    """


class NotApplicable(Exception):  # noqa: N818 - a signal to draw another operator, not a failure
    """An operator or morphism finds no place in this genome to apply to; the strategy draws another."""


def nearest(name: str, known: list[str] | tuple[str, ...]) -> str:
    """Completes an error message with the valid names, the nearest first where one is near.

    >>> nearest("ameba", ["amoeba", "genet"])
    "did you mean 'amoeba'? known: amoeba, genet"
    >>> nearest("x", ["amoeba"])
    'known: amoeba'
    """
    from difflib import get_close_matches

    close = get_close_matches(str(name), known, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}known: {', '.join(known)}"
