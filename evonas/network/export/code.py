"""Python expressions as text, divided into lines where they are too long, as formatters do it."""

from __future__ import annotations

from dataclasses import dataclass

WIDTH = 110
"""Characters in a line."""


@dataclass(frozen=True)
class Brackets:
    """What stands between brackets: ``torch.cat([a, b], dim=1)``.

    Attributes:
        opening: Up to and with the bracket.
        parts: Separated by commas.
        closing: The bracket.
    """

    opening: str
    parts: tuple[Code, ...]
    closing: str = ")"

    glue = ", "

    def __str__(self) -> str:
        return f"{self.opening}{self.glue.join(map(str, self.parts))}{self.closing}"


@dataclass(frozen=True)
class Sum:
    """Operands and operators: ``a + b``.

    Attributes:
        parts: Each but the first begins with its operator.
    """

    parts: tuple[Code, ...]

    glue = " "

    def __str__(self) -> str:
        return self.glue.join(map(str, self.parts))


Code = str | Brackets | Sum
"""An expression; a string is never divided."""


def lay_out(lead: str, code: Code, tail: str = "", indent: int = 0) -> list[str]:
    """The lines of a statement.

    Args:
        lead: What stands before the expression, such as ``x = ``.
        code: The expression.
        tail: What stands after it, such as a comment.
        indent: Spaces before the first line.

    >>> lay_out("x = ", Brackets("f(", ("a", "b=1")), "  # (3,)", indent=4)
    ['    x = f(a, b=1)  # (3,)']
    """
    margin, inner = " " * indent, " " * (indent + 4)
    line = f"{margin}{lead}{code}{tail}"
    if isinstance(code, str) or len(line) <= WIDTH:
        return [line]
    if isinstance(code, Brackets) and lead and len(f"{margin}{lead}{code.opening}") > WIDTH:
        return [f"{margin}{lead}(", *lay_out("", code, indent=indent + 4), f"{margin}){tail}"]
    opening, closing = ("(", ")") if isinstance(code, Sum) else (code.opening, code.closing)
    together = inner + code.glue.join(map(str, code.parts))
    if len(together) <= WIDTH:
        lines = [together]
    else:
        comma = code.glue.strip()
        lines = [line for part in code.parts for line in lay_out("", part, comma, indent + 4)]
    return [f"{margin}{lead}{opening}", *lines, f"{margin}{closing}{tail}"]
