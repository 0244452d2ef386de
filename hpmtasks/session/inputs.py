"""inputs: everything that the choice of versions depends on, as one fingerprint each.

The requirement texts count, not the file they stand in: adding a script to
package.json, or a space, leaves the resolution fresh. The lockfile counts by its
bytes, because the lock task leaves it canonical.
"""

from __future__ import annotations

import json
from typing import Any

from hpmtasks.files.fingerprint import fingerprint
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.resolution import Resolution
from hpmtasks.project import MODULES
from hpmtasks.session.session import Session

ABSENT = "absent"


def inputs_of(session: Session) -> dict[str, str]:
    """The fingerprints of this moment, by names that ``hpm explain`` may print.

    Raises:
        InvalidManifest: package.json cannot be used.
    """
    try:
        lock = session.state.files.fingerprint_of(session.project.lock_path)
    except FileNotFoundError:
        lock = ABSENT
    settings = session.settings
    members = {
        member.shown_manifest: fingerprint(
            _canonical([member.name, str(member.version)]) + _canonical(_sections(member.manifest))
        )
        for member in session.workspace.members
    }
    places = [list(settings.environment_sources), list(settings.config_sources)]
    return {
        "package.json": _of_manifest(session),
        **members,
        "package-lock.json": lock,
        "sources": fingerprint(_canonical(places)),
        "direction": session.options.direction,
    }


def stamped_paths(session: Session) -> list[str]:
    """What the stamp looks at, relative to the project's root: see "Fresh" in ``docs/architecture.md``."""
    project = session.project
    inside = [
        project.manifest_path,
        project.lock_path,
        project.state_path,
        project.resolution_path,
        project.modules,
        project.links_path,
        *(project.root / path for path in session.documents.patches.values()),
    ]
    resolution = session.resolution or Resolution()
    stand_ins = session.stand_ins(resolution)
    packages: list[str] = []
    for name in (*(package.name for package in resolution.packages), *stand_ins):
        packages += [f"{MODULES}/{name.owner}", f"{MODULES}/{name}"]
    inside += [project.root / path for path in session.workspace.looked_at]
    for folder in stand_ins.values():
        from hpmtasks.store.folder import looked_at

        inside += looked_at(folder)
    return [*packages, *(project.relative(path) for path in inside), str(session.settings.config_path)]


def meaning_of(manifest: Manifest) -> bytes:
    """What of *manifest* counts for resolving, canonically."""
    return _canonical({**_sections(manifest), "overrides": manifest.overrides, "sources": manifest.sources})


def _sections(manifest: Manifest) -> dict[str, dict[str, str]]:
    return {
        "dependencies": {str(each.name): each.constraint.text for each in manifest.requirements},
        "devDependencies": {str(each.name): each.constraint.text for each in manifest.dev_requirements},
    }


def _of_manifest(session: Session) -> str:
    return fingerprint(meaning_of(session.documents.manifest))


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
