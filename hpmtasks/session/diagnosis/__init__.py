"""diagnosis: whether everything that hpm needs is there and works, one finding for each thing.

``tools`` looks at this machine's programs, ``network`` at the places packages come from,
``cache`` at the store, ``project`` at one project. Each gives :class:`Finding`s; nothing that
is looked at is changed.
"""

from hpmtasks.session.diagnosis.finding import Finding, Status, found_by

__all__ = ["Finding", "Status", "found_by"]
