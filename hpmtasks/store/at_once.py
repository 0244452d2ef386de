"""at_once: the files of a package are in a project, under a temporary name, as soon as they are unpacked.

What was written a moment ago, under a name that nobody else knows, need not be looked at again. It is a
gain in time and nothing else: what cannot be done here is left to ``Store.prepare``, which tells why.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from hpmtasks.errors import StorageFailure
from hpmtasks.files.leftovers import temporary_name
from hpmtasks.files.removal import remove_tree
from hpmtasks.store.entries import LinkMethod, Prepared, Staging, TreeFile
from hpmtasks.store.materialize import link_unseen
from hpmtasks.store.staging import within


class AtOnce:
    """What is laid out of one package. As a context: nothing, if what is done within fails.

    Attributes:
        prepared: The files, ready to be put in their place; ``None`` while they are not.
        is_refused: The file systems would not have it.
    """

    def __init__(self, staging: Staging | None = None, sha256: str = "") -> None:
        """Nothing yet.

        Args:
            staging: Where it is wanted, if it is.
            sha256: Of the package's archive.
        """
        self.prepared: Prepared | None = None
        self.is_refused = False
        self._staging = staging
        self._sha256 = sha256

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failure: object, *_: object) -> None:
        if failure is not None:
            self.drop()

    def lay_out(self, folder: str, files: Sequence[TreeFile], digest: str) -> None:
        """The *files* of the tree *digest*, in *folder*, are laid out by hard links, if they are as promised.

        Args:
            folder: Under a temporary name; only this process has written there.
        """
        staging = self._staging
        if staging is None or not staging.is_promised(self._sha256, digest):
            return
        staged = f"{staging.folder}/{temporary_name()}"
        self.prepared = Prepared(Path(staged), digest, LinkMethod.HARD_LINK)
        try:
            within(staging.folder, lambda: os.mkdir(staged))
            link_unseen(folder, files, staged)
        except OSError:
            self.is_refused = True
            self.drop()

    def drop(self) -> None:
        """Nothing is laid out."""
        if self.prepared is not None:
            with suppress(StorageFailure):  # what is left has a temporary name, and is swept
                remove_tree(self.prepared.path)
            self.prepared = None
