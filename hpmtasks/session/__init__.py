"""session: one run's collaborators, made once and passed to everything that needs them.

A session knows the project, the settings, the state, the store and the sources,
remembers what it asked them, and collects what happened for the report. It decides
nothing: *when* something is done is said in ``stages/*/tasks.py``, *how* in ``action.py``.
"""

from hpmtasks.session.session import Change, Session

__all__ = ["Change", "Session"]
