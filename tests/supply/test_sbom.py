"""Lists of parts: valid by the official schemas, the same for the same lock, complete."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft7Validator, FormatChecker
from referencing import Registry, Resource
from spdx_tools.spdx.parser.parse_anything import parse_file
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document

from hpmtasks.errors import InvalidSetting
from hpmtasks.model.lock_entry import LockEntry, Lockfile
from hpmtasks.model.manifest import Manifest
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.semver.version import Version
from hpmtasks.supply.cyclonedx import as_cyclonedx
from hpmtasks.supply.inventory import Inventory, moment_of, take_inventory
from hpmtasks.supply.spdx import as_spdx

MOMENT = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
FORMATS = pytest.mark.parametrize("write", [as_cyclonedx, as_spdx])


def entry(resolved: str, *, dev: bool = False, needs: tuple[str, ...] = (), **more: Any) -> LockEntry:
    """A locked package."""
    return LockEntry(
        Version.parse("1.0.0"),
        resolved,
        commit=more.pop("commit", "c" * 40),
        tree="sha256-" + "a" * 64,
        dev=dev,
        dependencies={PackageName.parse(name): "*" for name in needs},
        **more,
    )


def github(name: str) -> str:
    """The address of a package on GitHub."""
    return f"https://github.com/{name}/archive/refs/tags/v1.0.0.tar.gz"


def inventory(*, name: str = "me/app", version: str | None = "1.0.0", **more: Any) -> Inventory:
    """A project with a package of each kind of source."""
    entries = {
        "Acme/a.b": entry(
            github("Acme/a.b"), needs=("acme/dev_only", "o/folder"), integrity="sha256-" + "b" * 64
        ),
        "acme/dev_only": entry("https://git.example/acme/d.git#" + "c" * 40, dev=True),
        "o/folder": entry("directory:o/folder@1.0.0"),
        "o/own": entry("git@git.example:o/own.git#" + "d" * 64, commit="d" * 64),
    }
    manifest = Manifest(
        name=name,
        version=version,
        requirements=(Requirement.parse("acme/a.b@*"), Requirement.parse("o/own")),
        dev_requirements=(Requirement.parse("acme/dev_only"), Requirement.parse("acme/unlocked")),
    )
    lockfile = Lockfile({PackageName.parse(each): locked for each, locked in entries.items()})
    return take_inventory(name, manifest, lockfile, MOMENT, **more)


LICENSED = {
    PackageName.parse("acme/a.b"): "MIT OR Apache-2.0",
    PackageName.parse("o/own"): "GPL-2.0-only WITH Classpath-exception-2.0",
    PackageName.parse("o/folder"): None,
}


def check_cyclonedx(text: str) -> dict[str, Any]:
    """The document *text*, which the schema of CycloneDX 1.6 accepts."""
    from cyclonedx import schema

    folder = Path(schema.__file__).parent / "_res"
    resources = {path.name: json.loads(path.read_text("utf-8")) for path in folder.glob("*.schema.json")}
    registry: Registry[Any] = Registry().with_resources(
        (contents["$id"], Resource.from_contents(contents)) for contents in resources.values()
    )
    document: dict[str, Any] = json.loads(text)
    validator = Draft7Validator(
        resources["bom-1.6.SNAPSHOT.schema.json"], registry=registry, format_checker=FormatChecker()
    )
    validator.validate(document)
    return document


def check_spdx(text: str, folder: Path) -> dict[str, Any]:
    """The document *text*, which the schema of SPDX 2.3 and the library's own rules accept."""
    schema = json.loads((Path(__file__).parent / "schemas/spdx-2.3.schema.json").read_text("utf-8"))
    document: dict[str, Any] = json.loads(text)
    Draft7Validator(schema, format_checker=FormatChecker()).validate(document)
    path = folder / "bom.spdx.json"
    path.write_text(text, encoding="utf-8")
    assert validate_full_spdx_document(parse_file(str(path))) == []
    return document


@pytest.mark.parametrize("licenses", [None, LICENSED])
@pytest.mark.parametrize("version", ["1.0.0", None])
def test_cyclonedx_is_valid(licenses: dict[PackageName, str | None] | None, version: str | None) -> None:
    """With licenses and without; a project without a version too."""
    document = check_cyclonedx(as_cyclonedx(inventory(licenses=licenses, version=version)))
    assert document["specVersion"] == "1.6"
    assert len(document["components"]) == 4


@pytest.mark.parametrize("licenses", [None, LICENSED])
@pytest.mark.parametrize("version", ["1.0.0", None])
def test_spdx_is_valid(
    tmp_path: Path, licenses: dict[PackageName, str | None] | None, version: str | None
) -> None:
    """With licenses and without; a project without a version too."""
    document = check_spdx(as_spdx(inventory(licenses=licenses, version=version)), tmp_path)
    assert document["spdxVersion"] == "SPDX-2.3"
    assert len(document["packages"]) == 5


def test_cyclonedx_says_what_the_lock_says() -> None:
    """Purl, commit, tree, archive, scope, license, and who needs whom."""
    document = check_cyclonedx(as_cyclonedx(inventory(licenses=LICENSED)))
    by_name = {each["name"]: each for each in document["components"]}
    part = by_name["a.b"]
    assert (part["group"], part["purl"], part["scope"]) == (
        "Acme",
        "pkg:github/acme/a.b@v1.0.0",
        "required",
    )
    assert part["licenses"] == [{"expression": "MIT OR Apache-2.0"}]
    assert {each["name"]: each["value"] for each in part["properties"]} == {
        "hpm:commit": "c" * 40,
        "hpm:tree": "sha256-" + "a" * 64,
    }
    archive = next(each for each in part["externalReferences"] if each["type"] == "distribution")
    assert archive["hashes"] == [{"alg": "SHA-256", "content": "b" * 64}]
    assert by_name["dev_only"]["scope"] == "excluded"
    edges = {each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]}
    own = by_name["own"]["bom-ref"]
    assert set(edges["me/app@1.0.0"]) == {part["bom-ref"], own, by_name["dev_only"]["bom-ref"]}
    assert set(edges[part["bom-ref"]]) == {by_name["dev_only"]["bom-ref"], by_name["folder"]["bom-ref"]}


def test_spdx_says_what_the_lock_says(tmp_path: Path) -> None:
    """The same, in its own words."""
    document = check_spdx(as_spdx(inventory(licenses=LICENSED)), tmp_path)
    by_name = {each["name"]: each for each in document["packages"]}
    part = by_name["Acme/a.b"]
    assert part["downloadLocation"] == f"git+https://github.com/Acme/a.b@{'c' * 40}"
    assert part["licenseDeclared"] == "MIT OR Apache-2.0"
    assert part["sourceInfo"] == f"commit {'c' * 40}, tree sha256-{'a' * 64}, archive {'b' * 64}"
    assert part["externalRefs"][0]["referenceLocator"] == "pkg:github/acme/a.b@v1.0.0"
    assert by_name["o/folder"]["downloadLocation"] == "NOASSERTION"
    git = by_name["acme/dev_only"]["externalRefs"][0]["referenceLocator"]
    assert git.endswith(f"?vcs_url=git%2Bhttps%3A%2F%2Fgit.example%2Facme%2Fd.git%40{'c' * 40}")
    kinds = [each["relationshipType"] for each in document["relationships"]]
    assert [kinds.count(kind) for kind in ("DESCRIBES", "DEPENDS_ON", "DEV_DEPENDENCY_OF")] == [1, 5, 1]


@FORMATS
def test_same_inventory_same_bytes(write: Any) -> None:
    """Nothing of it is made up at the moment; another inventory has another identity."""
    text = write(inventory())
    assert write(inventory()) == text
    assert "2024-05-06T07:08:09" in text
    other = json.loads(write(inventory(version="2.0.0")))
    for key in ("serialNumber", "documentNamespace"):
        assert other.get(key) is None or other[key] != json.loads(text)[key]


@FORMATS
def test_without_development(write: Any) -> None:
    """What only development needs is gone, and so is every edge to it."""
    assert "dev_only" not in write(inventory(without_dev=True))


@FORMATS
def test_what_nobody_else_requires_the_project_does(write: Any) -> None:
    """Every part can be reached from the project, also in a workspace, and without a package.json."""
    entries = {
        PackageName.parse("a/top"): entry(github("a/top"), needs=("a/below",)),
        PackageName.parse("a/below"): entry(github("a/below")),
        PackageName.parse("a/of-a-member"): entry(github("a/of-a-member")),
    }
    manifest = Manifest(name="me/app", requirements=(Requirement.parse("a/top"),))
    for each in (manifest, Manifest()):
        taken = take_inventory("me/app", each, Lockfile(entries), MOMENT)
        assert [str(name) for name in taken.needs] == ["a/of-a-member", "a/top"]
        assert write(taken)


NAMES = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,8}/[A-Za-z0-9_][A-Za-z0-9._-]{0,8}", fullmatch=True)


@settings(max_examples=25, deadline=None)
@given(st.lists(NAMES, unique_by=str.lower, max_size=6), st.text(min_size=1, max_size=12))
def test_any_names_are_valid(tmp_path_factory: pytest.TempPathFactory, names: list[str], own: str) -> None:
    """Names that differ in a dot or a hyphen stay apart; a project may be called anything."""
    entries = {PackageName.parse(name): entry(github(name)) for name in names}
    taken = take_inventory(own, Manifest(name=own), Lockfile(entries), MOMENT)
    assert len(check_cyclonedx(as_cyclonedx(taken)).get("components", [])) == len(names)
    check_spdx(as_spdx(taken), tmp_path_factory.mktemp("spdx"))


def test_moment_of_an_inventory() -> None:
    """SOURCE_DATE_EPOCH, else 1970, else now if that is asked for."""
    assert moment_of({}, now=False).year == 1970
    assert (
        moment_of({"SOURCE_DATE_EPOCH": "1700000000"}, now=False).isoformat() == "2023-11-14T22:13:20+00:00"
    )
    assert moment_of({"SOURCE_DATE_EPOCH": "0"}, now=True).year > 2000


@pytest.mark.parametrize("text", ["x", "-1", "1e9", "9" * 40, "٣"])
def test_moment_that_is_none(text: str) -> None:
    """It is refused."""
    with pytest.raises(InvalidSetting):
        moment_of({"SOURCE_DATE_EPOCH": text}, now=False)
