"""What goes wrong, as one line on standard error and an exit status."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

import typer

from ..errors import UserError
from .saying import plain_warnings, say

REFUSED = 1
"""The system said no: a full disk, a folder that cannot be written; or a training failed."""
BAD_INPUT = 2
NO_HOME = "Could not determine home directory."
"""What Python says of ``~name`` where there is no such user."""
INTERRUPTED = 130

# Typer brings its own copy of click, or an installed one: the base of usage errors is found through it.
UsageMistake: type[Exception] = next(
    base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException"
)


def reported(action: Callable[[], int]) -> int:
    """Does something and returns its exit status; what it raises on purpose becomes one line.

    An exception that nobody foresaw is a defect and keeps its traceback.
    """
    try:
        with plain_warnings():
            status = action()
        sys.stdout.flush()
        return status
    except UserError as error:
        return fail(str(error), BAD_INPUT)
    except BrokenPipeError:
        # Whoever read the output has gone (head, less): that is no error, but what is left must go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return fail(_too_long(str(error.filename)), BAD_INPUT)
        return fail(of_system(error), REFUSED)
    except RuntimeError as error:
        if str(error) != NO_HOME:
            raise
        words = next((word for word in sys.argv[1:] if word.startswith("~")), "~")
        return fail(f"{words}: expected the home folder of a user, got one that is not known", BAD_INPUT)
    except KeyboardInterrupt:
        return fail("stopped", INTERRUPTED)
    except UsageMistake as error:
        return fail(of_usage(error), BAD_INPUT)


def fail(message: str, status: int) -> int:
    """Prints a message as one line on standard error; returns the status."""
    say(f"error: {' '.join(message.split())}", error=True)
    return status


def of_system(error: OSError) -> str:
    """An operating system's refusal, in words."""
    reason = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {reason}" if error.filename else reason


def _too_long(text: str) -> str:
    """What was given where a name stands: a genotype, or words."""
    return f"expected the name of a file or folder, got a text of {len(text)} characters, {text!r:.60}"


def of_usage(error: Exception) -> str:
    """A mistake in the options: which one, what is wrong with it, and where help is."""
    context = getattr(error, "ctx", None)
    where = f" ({context.command_path} --help lists the options)" if context is not None else ""
    if type(error).__name__ == "NoSuchOption":
        name = getattr(error, "option_name", "")
        near = list(getattr(error, "possibilities", None) or [])
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        return f"option {name} is unknown{hint}{where}"
    parameter = getattr(error, "param", None)
    if isinstance(error, typer.BadParameter) and error.message and parameter is not None:
        name = max(getattr(parameter, "opts", None) or [parameter.name], key=len)
        return f"{name}: {_lower(error.message)}{where}"
    message = getattr(error, "format_message", error.__str__)()
    return f"{_lower(message)}{where}"


def _lower(sentence: str) -> str:
    """A sentence as a part of another."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")
