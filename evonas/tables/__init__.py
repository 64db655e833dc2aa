"""Tables of networks that others have trained, so that a whole search takes a second.

`Table` reads one (a CSV file, see its docstring for the columns), `TableEvaluator` looks fitness up in it,
`convert` makes one of the official files of NAS-Bench-201 and NATS-Bench.
"""

from __future__ import annotations

from .evaluator import TableEvaluator
from .release import convert
from .table import Figures, Table, read_table

__all__ = [
    "Figures",
    "Table",
    "TableEvaluator",
    "convert",
    "read_table",
]
