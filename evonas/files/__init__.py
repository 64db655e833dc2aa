"""Reading what anybody may have written, and what meets the system on the way.

- `reading`: text files, bounded, and the JSON in them.
- `typed`: types and ranges, said where a field is declared; `hints` takes them apart, `faults` says what is
  wrong, `tabled` knows what JSON does to mappings.
- `printing`: words from files, as a terminal or a page may have them.
- `paths`: whether a text can be the name of a file; the folder that `~` stands for.
- `sizes`: amounts of memory, as people write and read them.
- `failpoints`: named places where a test lets things go wrong.
- `variables`: variables of the process's environment, set for a while.
- `lazily`: a package's names that are imported where they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazily import later

if TYPE_CHECKING:
    from .failpoints import reach
    from .paths import as_path, expanded
    from .printing import encodable, printable
    from .reading import parse_json, read_text
    from .sizes import read_size, size_text
    from .typed import (
        AtLeastOne,
        AtLeastZero,
        BelowOne,
        Finite,
        Noted,
        NotedCount,
        NotNegative,
        Positive,
        Probability,
        Table,
        check,
        check_names,
        expect,
        read,
    )
    from .variables import set_meanwhile

__all__ = [
    "AtLeastOne",
    "AtLeastZero",
    "BelowOne",
    "Finite",
    "NotNegative",
    "Noted",
    "NotedCount",
    "Positive",
    "Probability",
    "Table",
    "as_path",
    "check",
    "check_names",
    "encodable",
    "expanded",
    "expect",
    "later",
    "parse_json",
    "printable",
    "reach",
    "read",
    "read_size",
    "read_text",
    "set_meanwhile",
    "size_text",
]

__getattr__ = later(
    __name__,
    {
        "failpoints": "reach",
        "paths": "as_path expanded",
        "printing": "encodable printable",
        "reading": "parse_json read_text",
        "sizes": "read_size size_text",
        # Not before they are needed: msgspec would make `import evonas` half as slow again.
        "typed": "AtLeastOne AtLeastZero BelowOne Finite NotNegative Noted NotedCount Positive "
        "Probability Table check check_names expect read",
        "variables": "set_meanwhile",
    },
)
