"""``python -m hpmtasks`` is ``hpm``."""

from hpmtasks.front import script

script()
