"""What comes out of a search.

- `result`: its history, its best individuals and their networks.
- `final`: the best, trained long and tested once. `description`: what is written down of it, ``final.json``.
"""
