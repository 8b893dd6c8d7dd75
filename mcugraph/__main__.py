"""``python -m mcugraph``."""

import sys

from mcugraph.cli import main

sys.exit(main())
