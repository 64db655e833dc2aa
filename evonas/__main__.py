"""``python -m evonas``: the command line, where ``evonas`` is not on the path."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
