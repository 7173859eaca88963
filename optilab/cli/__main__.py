"""`python -m optilab.cli` is `optilab`."""

import sys

from optilab.cli import main

if __name__ == "__main__":
    sys.exit(main())
