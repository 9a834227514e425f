"""`python -m processor`."""

import sys

from .cli import main
from .tuning import tune

if __name__ == "__main__":
    tune()
    sys.exit(main())
