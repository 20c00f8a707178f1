"""``python -m rivalry`` is the command ``rivalry``."""

import sys

from ._command import main

sys.exit(main())
