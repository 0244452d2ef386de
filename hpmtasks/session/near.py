"""near: which known package was probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from difflib import get_close_matches

from hpmtasks.errors import HpmError
from hpmtasks.model.package import PackageName
from hpmtasks.session.documents import Documents
from hpmtasks.sources.source import ListingSource, Source
from hpmtasks.store.store import Store

_MOST = 3
# Of all letters, how many have to be the same and in the same order.
_ALIKE = 0.75


def near_names(name: PackageName, documents: Documents, store: Store, source: Source) -> list[str]:
    """Up to three names like *name* that the workspace, lock, store or source knows; best first."""
    known: list[PackageName] = []
    with suppress(HpmError):
        known += documents.workspace.by_name
        known += documents.locked
    with suppress(HpmError):
        known += [each.name for each in store.list_packages()]
    with suppress(HpmError):
        if isinstance(source, ListingSource):
            known += source.names()
    return [str(each) for each in nearest(name, known)]


def nearest(name: PackageName, known: Iterable[PackageName]) -> list[PackageName]:
    """Up to three of *known* that are spelled like *name*, best first.

    The repositories have to be alike, not only the whole: everything of one owner begins alike.
    """
    alike = {
        each.key: each
        for each in known
        if each != name and get_close_matches(name.repo.lower(), [each.repo.lower()], cutoff=_ALIKE)
    }
    return [alike[key] for key in get_close_matches(name.key, alike, n=_MOST, cutoff=_ALIKE)]
