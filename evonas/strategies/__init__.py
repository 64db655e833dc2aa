"""Search algorithms, one a file, each read beside its paper.

`aging.AgingEvolution` is the default for AmoebaNet cells; `random_search.RandomSearch` is the baseline that
any other has to beat. Write your own as a subclass of `Strategy`.
"""

from .base import Start, Strategy

__all__ = ["Start", "Strategy"]
