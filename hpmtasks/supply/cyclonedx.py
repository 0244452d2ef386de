"""cyclonedx: an inventory as CycloneDX 1.6 in JSON, written by the library of that project."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable
from uuid import NAMESPACE_URL, UUID, uuid5

from cyclonedx.model import (
    ExternalReference,
    ExternalReferenceType,
    HashAlgorithm,
    HashType,
    Property,
    XsUri,
)
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.license import LicenseExpression
from cyclonedx.model.tool import ToolRepository
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from hpmtasks import __version__
from hpmtasks.supply.inventory import Inventory, Part


def as_cyclonedx(inventory: Inventory) -> str:
    """*inventory* as the text of a CycloneDX document; the same text for the same inventory."""
    parts = {part.name: _component(part) for part in inventory.parts}
    root = Component(
        name=inventory.name,
        version=inventory.version,
        type=ComponentType.APPLICATION,
        bom_ref=f"{inventory.name}@{inventory.version or ''}",
    )
    dependencies = [_dependency(root, [parts[name] for name in inventory.needs])]
    dependencies += [
        _dependency(parts[part.name], [parts[name] for name in part.needs]) for part in inventory.parts
    ]
    tool = Component(name="hpm", version=__version__, type=ComponentType.APPLICATION, bom_ref="hpm")
    bom = Bom(
        components=parts.values(),
        dependencies=dependencies,
        metadata=BomMetaData(
            component=root, timestamp=inventory.moment, tools=ToolRepository(components=[tool])
        ),
        serial_number=_serial(inventory),
    )
    with warnings.catch_warnings():
        # A project that requires nothing of what is locked is no news here.
        warnings.simplefilter("ignore", UserWarning)
        return f"{JsonV1Dot6(bom).output_as_string(indent=2)}\n"


def _component(part: Part) -> Component:
    about = {"commit": part.commit, "tree": part.tree}
    return Component(
        name=part.name.repo,
        group=part.name.owner,
        version=part.version,
        type=ComponentType.LIBRARY,
        bom_ref=part.purl,
        purl=PackageURL.from_string(part.purl),
        scope=ComponentScope.EXCLUDED if part.dev else ComponentScope.REQUIRED,
        licenses=[LicenseExpression(part.license)] if part.license else None,
        properties=[Property(name=f"hpm:{key}", value=value) for key, value in about.items() if value],
        external_references=_references(part),
    )


def _references(part: Part) -> list[ExternalReference]:
    """Where it comes from; the digest of the archive belongs to its address, not to the component."""
    found = []
    if part.repository:
        found.append(ExternalReference(type=ExternalReferenceType.VCS, url=XsUri(part.repository)))
    if part.download:
        hashes = [HashType(alg=HashAlgorithm.SHA_256, content=part.archive)] if part.archive else None
        found.append(
            ExternalReference(
                type=ExternalReferenceType.DISTRIBUTION, url=XsUri(part.download), hashes=hashes
            )
        )
    return found


def _dependency(component: Component, needs: Iterable[Component]) -> Dependency:
    return Dependency(component.bom_ref, [Dependency(each.bom_ref) for each in needs])


def _serial(inventory: Inventory) -> UUID:
    """A number that belongs to these contents: another inventory has another."""
    digest = hashlib.sha256(repr(inventory).encode()).hexdigest()
    return uuid5(NAMESPACE_URL, f"hpm:{digest}")
