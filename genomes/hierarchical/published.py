"""The best cell of the paper (Liu et al. 2018, Appendix A, Figures 5 to 11).

An edge without a label is an identity: Section 4.3 calls the ones of motif 4 and 5 "direct connections", and
Figure 10 merges nodes 1 and 2, between which there is one.

Networks of this cell are said to have 15.7 million parameters (c0 = 64, N = 2; Liu et al. 2019, DARTS,
Table 1), 61.3 million (c0 = 128; Pham et al. 2018, ENAS, Table 1) and 64 million (ImageNet, Section 4.3).
What the settings of the space give, in millions:

- ``projection = "cell"``, ``ending = "stride"`` (the defaults): 16.1, 63.1 and 64.6; with ``ending =
  "plain"`` 15.8, 62.1 and 63.0; with ``ending = "none"`` 15.5, 61.0 and 63.5, and with that and the
  statistics of the normalisations counted as well, 15.7, 61.3 and 63.8.
- ``projection = "motif"``, whatever the ending: at least 21.5, 84.5 and 87.7.
"""

from __future__ import annotations

PUBLISHED = {
    "hierarchical-best": "4-12-314 4-22-133 3-23-365 5-33-645 6-63-633 2-44-365 | 5-33-313-4555",
}
"""By name, in text form: the six motifs, the cell, a digit for each edge."""
