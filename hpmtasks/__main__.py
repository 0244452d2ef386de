"""``python -m hpmtasks`` is ``hpm``."""

import sys

from hpmtasks.front import main

sys.exit(main())
