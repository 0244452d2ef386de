"""spdx: an inventory as SPDX 2.3 in JSON, written by the library of that project."""

from __future__ import annotations

import hashlib
import io
import json
import re
from urllib.parse import quote

from spdx_tools.common.spdx_licensing import spdx_licensing
from spdx_tools.spdx.model import (
    Actor,
    ActorType,
    CreationInfo,
    Document,
    ExternalPackageRef,
    ExternalPackageRefCategory,
    Package,
    PackagePurpose,
    Relationship,
    RelationshipType,
    SpdxNoAssertion,
)
from spdx_tools.spdx.validation.uri_validators import validate_download_location
from spdx_tools.spdx.writer.json.json_writer import write_document_to_stream

from hpmtasks import __version__
from hpmtasks.supply.inventory import Inventory, Part

_DOCUMENT = "SPDXRef-DOCUMENT"
_ROOT = "SPDXRef-project"
_NOT_ID = re.compile(r"[^A-Za-z0-9.-]")


def as_spdx(inventory: Inventory) -> str:
    """*inventory* as the text of an SPDX document; the same text for the same inventory."""
    ids = {part.name: f"SPDXRef-{_plain(part)}" for part in inventory.parts}
    relationships = [Relationship(_DOCUMENT, RelationshipType.DESCRIBES, _ROOT)]
    relationships += [Relationship(_ROOT, RelationshipType.DEPENDS_ON, ids[name]) for name in inventory.needs]
    relationships += [
        Relationship(ids[part.name], RelationshipType.DEPENDS_ON, ids[name])
        for part in inventory.parts
        for name in part.needs
    ]
    relationships += [
        Relationship(ids[part.name], RelationshipType.DEV_DEPENDENCY_OF, _ROOT)
        for part in inventory.parts
        if part.dev
    ]
    document = Document(
        creation_info=_creation(inventory),
        packages=[_project(inventory), *(_package(part, ids[part.name]) for part in inventory.parts)],
        relationships=relationships,
    )
    stream = io.StringIO()
    write_document_to_stream(document, stream)
    written = json.loads(stream.getvalue())
    for package in written["packages"]:
        for reference in package.get("externalRefs", ()):
            # The library spells it as the RDF form does; the schema of 2.3 for JSON wants a hyphen.
            reference["referenceCategory"] = reference["referenceCategory"].replace("_", "-")
    return f"{json.dumps(written, indent=2)}\n"


def _creation(inventory: Inventory) -> CreationInfo:
    digest = hashlib.sha256(repr(inventory).encode()).hexdigest()
    name = f"{inventory.name}-{inventory.version}" if inventory.version else inventory.name
    return CreationInfo(
        spdx_version="SPDX-2.3",
        spdx_id=_DOCUMENT,
        name=name,
        document_namespace=f"https://spdx.org/spdxdocs/{quote(name, safe='')}-{digest}",
        creators=[Actor(ActorType.TOOL, f"hpm-{__version__}")],
        created=inventory.moment.replace(tzinfo=None),
    )


def _project(inventory: Inventory) -> Package:
    return Package(
        spdx_id=_ROOT,
        name=inventory.name,
        version=inventory.version,
        download_location=SpdxNoAssertion(),
        files_analyzed=False,
        primary_package_purpose=PackagePurpose.APPLICATION,
    )


def _package(part: Part, spdx_id: str) -> Package:
    known = {"commit": part.commit, "tree": part.tree, "archive": part.archive}
    told = ", ".join(f"{key} {value}" for key, value in known.items() if value)
    return Package(
        spdx_id=spdx_id,
        name=str(part.name),
        version=part.version,
        download_location=_location(part),
        files_analyzed=False,
        license_declared=_license(part),
        license_concluded=SpdxNoAssertion(),
        copyright_text=SpdxNoAssertion(),
        source_info=told or None,
        external_references=[
            ExternalPackageRef(ExternalPackageRefCategory.PACKAGE_MANAGER, "purl", part.purl)
        ],
        primary_package_purpose=PackagePurpose.LIBRARY,
    )


def _location(part: Part) -> str | SpdxNoAssertion:
    """The repository at its commit, in the form that the specification has for version control.

    Nothing, if the library does not take the host for one: the purl has the address, too.
    """
    if part.repository and part.commit and "://" in part.repository:
        location = f"git+{part.repository}@{part.commit}"
        if not validate_download_location(location):
            return location
    return SpdxNoAssertion()


def _license(part: Part) -> object:
    return spdx_licensing.parse(part.license) if part.license else SpdxNoAssertion()


def _plain(part: Part) -> str:
    """A name for *part* of the letters that identifiers have; the version makes no two alike."""
    owner, repo = (_NOT_ID.sub("-", each) for each in (part.name.owner, part.name.repo))
    unlike = hashlib.sha256(part.name.key.encode()).hexdigest()[:8]
    return f"{owner}-{repo}-{unlike}"
