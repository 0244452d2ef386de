"""licenses: under which terms the locked packages are, and whether the project allows them.

What a package says of itself is ``license`` in its package.json, an SPDX expression, and the
text of its license file. Where they differ both count: a promise in one file is not
taken back by another.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal

from hpmtasks.dataclass import dataclass
from hpmtasks.errors import InvalidManifest, Usage
from hpmtasks.model.json_text import MalformedJson, load
from hpmtasks.model.resolution import ResolvedPackage
from hpmtasks.supply.license_texts import family, recognized

#: Longest license file that is looked at, in bytes.
LARGEST_TEXT = 512 * 1024
_FILES = ("license", "licence", "copying", "unlicense")
_OWN = "LicenseRef-"

Verdict = Literal["allowed", "denied", "not-allowed", "unknown"]


@dataclass(frozen=True, slots=True)
class License:
    """What is known of one package's terms.

    Attributes:
        declared: ``license`` of its package.json as written; ``None`` if it has none.
        declared_expression: The same as an SPDX expression; ``None`` if it is none.
        files: Its license files, each with the license whose text it holds, if that is known.
    """

    package: ResolvedPackage
    declared: str | None
    declared_expression: str | None
    files: tuple[tuple[str, str | None], ...]

    @property
    def expression(self) -> str | None:
        """All that counts, as one SPDX expression; ``None`` if nothing is known."""
        found = [self.declared_expression] if self.declared_expression else []
        known = {family(each) for each in _names(self.declared_expression)} if found else set()
        found += sorted({text for _, text in self.files if text is not None and family(text) not in known})
        if len(found) < 2:
            return found[0] if found else None
        return " AND ".join(f"({each})" if " OR " in each else each for each in found)


def license_in(package: ResolvedPackage, folder: Path) -> License:
    """What the files in *folder*, the contents of *package*, say."""
    declared = _declared(folder / "package.json")
    expression = None
    if declared is not None:
        try:
            expression = normalized(declared)
        except ValueError:
            expression = None
    files = tuple(
        (path.name, recognized(_text(path)))
        for path in sorted(folder.iterdir())
        if path.name.lower().startswith(_FILES) and path.is_file() and not path.is_symlink()
    )
    return License(package, declared, expression, files)


def normalized(text: str) -> str:
    """*text* as a canonical SPDX expression.

    Raises:
        ValueError: It is none, or names a license that SPDX does not have.
    """
    return _render(_parsed(text))


class Terms:
    """What a project allows.

    Args:
        allow: Licenses; if there are any, nothing else is allowed.
        deny: Licenses that are not.
        where: Where they were written, for messages.

    Raises:
        InvalidManifest, Usage: One of them is no license.
    """

    def __init__(self, allow: Iterable[str], deny: Iterable[str], where: str) -> None:
        self._allow = frozenset(_checked(each, where) for each in allow)
        self._deny = frozenset(_checked(each, where) for each in deny)

    @property
    def demands_something(self) -> bool:
        """Whether there is anything to violate."""
        return bool(self._allow or self._deny)

    def judge(self, found: License) -> Verdict:
        """Whether *found* is allowed. Of alternatives (``OR``) one that is allowed is enough."""
        if not self.demands_something:
            return "allowed"
        expression = found.expression
        if expression is None:
            return "unknown"
        tree = _parsed(expression)
        if self._is_denied(tree):
            return "denied"
        return "allowed" if not self._allow or self._is_allowed(tree) else "not-allowed"

    def _is_allowed(self, tree: Any) -> bool:
        """Whether there is a choice of alternatives all of which are allowed, and none denied."""
        if _operator(tree) == "OR":
            return any(self._is_allowed(each) and not self._is_denied(each) for each in tree.args)
        if _operator(tree) == "AND":
            return all(self._is_allowed(each) for each in tree.args)
        return bool(_spellings(tree) & self._allow)

    def _is_denied(self, tree: Any) -> bool:
        """Whether every choice of alternatives has something that is denied."""
        if _operator(tree) == "OR":
            return all(self._is_denied(each) for each in tree.args)
        if _operator(tree) == "AND":
            return any(self._is_denied(each) for each in tree.args)
        # A license whose exception is allowed by name is not its denied self.
        is_excepted = len(_spellings(tree)) > 1 and _render(tree) in self._allow
        return not is_excepted and bool(_spellings(tree) & self._deny)


def _checked(text: str, where: str) -> str:
    try:
        return normalized(text)
    except ValueError as error:
        sentence = f"{text!r} is no license that SPDX has: {error}"
        if where.startswith("--"):
            raise Usage(f"{where} {sentence}") from None
        raise InvalidManifest(where, [f"hpm.licenses: {sentence}"]) from None


# ---------------------------------------------------------------- expressions


@cache
def _licensing() -> Any:
    from license_expression import get_spdx_licensing

    return get_spdx_licensing()


@cache
def _parsed(text: str) -> Any:
    from license_expression import ExpressionError, ExpressionParseError

    try:
        tree = _licensing().parse(text, strict=True)
    except (ExpressionError, ExpressionParseError) as error:
        raise ValueError(str(error).partition("\n")[0]) from None
    if tree is None:
        raise ValueError("it is empty")
    unknown = [each for each in _licensing().unknown_license_keys(tree) if not _is_own_or_later(each)]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not known")
    return tree


def _is_own_or_later(key: str) -> bool:
    """Whether *key*, which SPDX does not list, is right all the same: ``LicenseRef-x``, ``Apache-2.0+``."""
    return key.startswith(_OWN) or (key.endswith("+") and key[:-1] in _licensing().known_symbols)


def _render(tree: Any) -> str:
    return str(tree.render("{symbol.key}"))


def _operator(tree: Any) -> str:
    """``AND``, ``OR``, or nothing for one license."""
    return str(getattr(tree, "operator", "")).strip()


def _spellings(tree: Any) -> set[str]:
    """One license as it may stand in a list: with its exception, and without."""
    base = getattr(tree, "license_symbol", tree)
    return {_render(tree), _render(base)}


def _names(expression: str | None) -> Sequence[str]:
    return [str(key) for key in _licensing().license_keys(_parsed(expression))] if expression else []


# ---------------------------------------------------------------- files


def _declared(path: Path) -> str | None:
    """``license`` of the package.json *path*; of the older form ``{"type": …}`` its type."""
    try:
        document = load(path.read_bytes())
    except (OSError, MalformedJson):
        return None
    found = document.get("license") if isinstance(document, dict) else None
    if isinstance(found, dict):
        found = found.get("type")
    return found.strip() if isinstance(found, str) and found.strip() else None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_TEXT).decode("utf-8", "replace")
    except OSError:
        return ""
