"""wire: the documented shape of package.json and package-lock.json, as types.

Reading does not need this module: ``manifest`` and ``lockfile`` accept a good document
after a few ``isinstance``. It is imported when a document is *not* good, to say what is
wrong with every field at once, and by whoever wants the JSON schema. Unknown fields are
always allowed and kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError


def _string_or_object(value: Any) -> Any:
    if not isinstance(value, (str, dict)):
        raise PydanticCustomError("string_or_object_type", "Input should be a string or an object")
    return value


StringOrObject = Annotated[Any, AfterValidator(_string_or_object)]


class _Wire(BaseModel):
    """What all documents share: nothing is converted, unknown fields stay."""

    model_config = ConfigDict(extra="allow", strict=True)


class NativeWire(_Wire):
    """``native`` of package.json."""

    requires: list[str] | None = None


class PolicyWire(_Wire):
    """``hpm`` of package.json: how this project wants its packages fetched."""

    sources: list[Any] | None = None
    imports: Any = None
    trust: Any = None
    minimum_release_age: Any = Field(default=None, alias="minimumReleaseAge")


class PackageJson(_Wire):
    """package.json. ``null`` means the same as leaving the field out."""

    name: str | None = None
    version: str | None = None
    description: str | None = None
    author: StringOrObject | None = None
    license: StringOrObject | None = None
    repository: StringOrObject | None = None
    homepage: str | None = None
    bugs: StringOrObject | None = None
    main: str | None = None
    keywords: list[str] | None = None
    dependencies: dict[str, str] | None = None
    dev_dependencies: dict[str, str] | None = Field(default=None, alias="devDependencies")
    scripts: dict[str, str] | None = None
    files: list[str] | None = None
    native: NativeWire | None = None
    workspaces: list[str] | None = None
    overrides: dict[str, Any] | None = None
    tasks: dict[str, Any] | None = None
    engines: dict[str, Any] | None = None
    retracted: Any = None
    hpm: PolicyWire | None = None


class LockEntryWire(_Wire):
    """One package of package-lock.json."""

    version: str
    resolved: str | None = None
    integrity: str | None = None
    commit: str | None = None
    tree: str | None = None
    repository: int | None = None
    dev: bool = False
    dependencies: dict[str, str] | None = None


class PackageLock(_Wire):
    """package-lock.json, version 1."""

    lock_version: int = Field(default=1, alias="lockVersion")
    hemlock: str = "1.0.0"
    dependencies: dict[str, LockEntryWire] = Field(default_factory=dict)


def issues_of_shape(model: type[BaseModel], document: Mapping[str, Any]) -> list[str]:
    """One sentence for each field of *document* that has not the type *model* gives it."""
    try:
        model.model_validate(document)
    except ValidationError as error:
        return [_sentence(detail) for detail in error.errors(include_url=False)]
    return []


_EXPECTED = {
    "string_type": "a string",
    "string_or_object_type": "a string or an object",
    "list_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
    "int_type": "a whole number",
    "bool_type": "true or false",
}


def _sentence(detail: ErrorDetails) -> str:
    field = ""
    for part in detail["loc"]:
        if isinstance(part, int):
            field += f"[{part}]"
        else:
            name = part if part.isprintable() else repr(part)
            field += f".{name}" if field else name
    if detail["type"] == "missing":
        return f"{field} is missing."
    expected = _EXPECTED.get(detail["type"], "something else")
    return f"{field} must be {expected}, not {kind_of(detail['input'])}."


def kind_of(value: Any) -> str:
    """What JSON calls the type of *value*, with its article."""
    if value is None:
        return "null"
    for kind, name in ((bool, "true or false"), (str, "a string"), (dict, "an object"), (list, "a list")):
        if isinstance(value, kind):
            return name
    return "a number"
