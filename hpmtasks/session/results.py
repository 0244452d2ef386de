"""results: the store of results that a run uses, as the settings want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hpmtasks.store.results.folder import FolderResults
from hpmtasks.store.results.layered import LayeredResults

if TYPE_CHECKING:
    from hpmtasks.session.session import Session
    from hpmtasks.store.results.remote import Remote


def results_of(session: Session) -> LayeredResults:
    """The results of this machine, in front of those of the remote cache if one is set.

    What goes wrong with either is a warning of *session*. Who opens it closes it: only then has the
    remote cache what it is given.
    """
    local = FolderResults(session.settings.cache_dir)
    remote = _remote(session, local)
    cache = session.settings.remote_cache
    may_write = cache is not None and cache.write
    return LayeredResults(local, remote, remote_write=may_write, warn=session.warnings.append)


def _remote(session: Session, local: FolderResults) -> Remote | None:
    """The server that is set; ``None`` if there is none, or no socket may be opened."""
    cache = session.settings.remote_cache
    if cache is None or session.options.offline:
        return None
    from hpmtasks.net.fetcher import Token
    from hpmtasks.net.http import HttpFetcher
    from hpmtasks.net.retry import Patience, RetryBudget
    from hpmtasks.store.results.http import HttpResults
    from hpmtasks.store.results.remote import Remote

    # A script can run instead, so nothing here is worth a long wait. The one retry is for a
    # connection that the server closed while it was not used.
    patience = Patience(connect=2.0, pause=5.0, answer=5.0, transfer=120.0)
    fetcher = HttpFetcher(session.settings.environ, budget=RetryBudget((0.1,), most=20), patience=patience)
    token = Token.parse(cache.token) if cache.token else None
    store = HttpResults(cache.url, fetcher, token)
    return Remote(store, store.place, local, session.warnings.append)
