"""Reading what anybody may have written, and what meets the system on the way.

- `reading`: text files, bounded, and the JSON in them.
- `checked`: types of what came, each as expected or refused in words.
- `printable`: words from files, as a terminal or a page may have them.
- `paths`: whether a text can be the name of a file.
- `sizes`: amounts of memory, as people write and read them.
- `failpoints`: named places where a test lets things go wrong.
- `variables`: variables of the process's environment, set for a while.
- `lazily`: a package's names that are imported where they are first used.
"""

from __future__ import annotations

from .checked import items, number, table, text, texts, whole
from .failpoints import reach
from .lazily import later
from .paths import as_path
from .printable import encodable, printable
from .reading import parse_json, read_text
from .sizes import read_size, size_text
from .variables import set_meanwhile

__all__ = [
    "as_path",
    "encodable",
    "items",
    "later",
    "number",
    "parse_json",
    "printable",
    "reach",
    "read_size",
    "read_text",
    "set_meanwhile",
    "size_text",
    "table",
    "text",
    "texts",
    "whole",
]
