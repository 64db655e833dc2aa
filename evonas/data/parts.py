"""Names that say part of a dataset: ``train``, ``Test``, ``validation_set``, ``dev``, in common spellings."""

from __future__ import annotations

import re

TRAIN, VALIDATION, TEST, UNCLEAR = "train", "val", "test", "unclear"

_WORDS = {
    TRAIN: ("train", "training", "trainval", "trn"),
    VALIDATION: (
        "val",
        "vali",
        "valid",
        "validate",
        "validation",
        "validating",
        "dev",
        "devel",
        "development",
    ),
    TEST: ("test", "tests", "testing", "tst"),
    # Some call the validation part so and some the test part, or it is none of the three.
    UNCLEAR: ("eval", "evaluate", "evaluation", "holdout", "heldout", "unlabeled", "unlabelled"),
}
_NUMBERED = re.compile(r"(?:fold|split|part)\d+")
_FILLERS = "set|sets|data|dataset|images|image|imgs|img|pictures|photos|samples|files|folder|part|split"
_SAYS = {
    part: re.compile(rf"\d*(?:{_FILLERS})*(?:{'|'.join(words)})(?:{_FILLERS})*\d*")
    for part, words in _WORDS.items()
}


def part_of(name: str) -> str | None:
    """The part of a dataset that a name says: ``train``, ``val``, ``test``, or ``unclear``; None for no part.

    Case, separators, numbers at the ends and words such as ``set`` or ``images`` do not matter.

    >>> [part_of(name) for name in ("Training Set", "x-VAL", "dev", "test2017", "eval", "fold_1")]
    ['train', None, 'val', 'test', 'unclear', 'unclear']
    >>> [part_of(name) for name in ("cat", "trainer", "contest", "valve", "fold")]
    [None, None, None, None, None]
    """
    plain = re.sub(r"[\W_]+", "", name.casefold())
    if _NUMBERED.fullmatch(plain):
        return UNCLEAR
    return next((part for part, says in _SAYS.items() if says.fullmatch(plain)), None)
