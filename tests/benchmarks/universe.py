"""universe: packages made up, the same ones whenever they are asked for.

Four levels deep, with diamonds, as packages are: a tenth of them is required by the project, each of the
others by one of the level above, some by more. Text is drawn from a vocabulary, so that it can be
compressed about as well as sources. Only ``Random.random`` is drawn from: other methods may give other
values in another Python.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import TypeVar

#: What is released of each package, unless more is asked for.
VERSIONS = ("1.0.0", "1.1.0", "1.2.0", "1.2.1", "2.0.0-beta.1")
#: How many packages nobody requires, for "one package added"; each needs a leaf of its own.
EXTRAS = 24

_LEVELS = (0.1, 0.25, 0.32, 0.33)
_RANGES = ("^1.0.0", "^1.1.0", "~1.2.0", ">=1.0.0 <2.0.0", "^1.2.0")
_OWNERS = ("alder", "birch", "cedar", "delta", "ember", "fjord", "grove", "hazel")
_WORDS = ("json", "http", "cli", "yaml", "log", "parse", "test", "net", "db", "fmt", "str", "math")
_SYLLABLES = ("ka", "lo", "mi", "ren", "ta", "vos", "qui", "der", "san", "pel", "tor", "nim", "ber", "ul")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Shape:
    """How many packages, and how large: each has from *least* to *most* files, and bytes."""

    packages: int
    files: tuple[int, int] = (5, 40)
    octets: tuple[int, int] = (50_000, 300_000)


#: As small as packages get: what is measured is not their contents.
TINY = ((2, 4), (300, 900))


@dataclass(frozen=True, slots=True)
class Package:
    """One repository."""

    name: str
    requires: Mapping[str, str]
    versions: Sequence[str]

    def commit(self, version: str) -> str:
        """The commit of a release, as git would number it."""
        return hashlib.sha1(f"{self.name}@{version}".encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Universe:
    """All packages that belong to one *seed*.

    Attributes:
        versions: What is released of each package but the extras.
    """

    shape: Shape
    seed: str = "universe"
    versions: Sequence[str] = VERSIONS
    _texts: dict[str, Mapping[str, bytes]] = field(default_factory=dict)

    @cached_property
    def _levels(self) -> list[list[str]]:
        """The names, level by level."""
        chance = _chance(self.seed, "names")
        counts = [max(1, int(self.shape.packages * part)) for part in _LEVELS]
        counts[-1] = max(0, self.shape.packages - sum(counts[:-1]))
        names, levels = 0, []
        for count in counts:
            level = []
            for _ in range(min(count, self.shape.packages - names)):
                level.append(f"{_pick(chance, _OWNERS)}/{_pick(chance, _WORDS)}-{names:04}")
                names += 1
            levels.append(level)
        return levels

    @cached_property
    def packages(self) -> Mapping[str, Package]:
        """Every package by its name, extras and all."""
        chance = _chance(self.seed, "requirements")
        requires: dict[str, dict[str, str]] = {name: {} for level in self._levels for name in level}
        names = list(requires)
        for above, level in zip(self._levels, self._levels[1:], strict=False):
            for name in level:
                requires[_pick(chance, above)][name] = _pick(chance, _RANGES)
        for number, level in enumerate(self._levels[:-1]):
            deeper = [name for each in self._levels[number + 1 :] for name in each]
            for name in level if deeper else ():
                for _ in range(int(chance.random() * 4)):
                    requires[name].setdefault(_pick(chance, deeper), _pick(chance, _RANGES))
        for number in range(EXTRAS):
            leaf = f"zeta/leaf-{number:02}"
            requires[leaf] = {}
            requires[f"zeta/extra-{number:02}"] = {leaf: _RANGES[0], _pick(chance, names): _RANGES[0]}
        return {
            name: Package(name, needs, VERSIONS if name.startswith("zeta/") else self.versions)
            for name, needs in requires.items()
        }

    def installed(self) -> list[str]:
        """The names of all packages but the extras: what the project comes to need."""
        return [name for level in self._levels for name in level]

    def manifest(self) -> dict[str, object]:
        """The package.json of a project that needs all packages but the extras."""
        chance = _chance(self.seed, "project")
        required = {name: _pick(chance, _RANGES) for name in self._levels[0]}
        return {"name": "bench/root", "version": "1.0.0", "dependencies": required}

    def files(self, name: str, version: str) -> Mapping[str, bytes]:
        """The files of a release."""
        package = self.packages[name]
        if name not in self._texts:
            self._texts[name] = _texts(_chance(self.seed, name), self.shape)
        own = {"name": name, "version": version, "dependencies": dict(package.requires)}
        return {
            **self._texts[name],
            "CHANGES.md": f"# {version}\n".encode(),
            "package.json": (json.dumps(own, indent=2) + "\n").encode(),
        }

    def archive(self, name: str, version: str) -> bytes:
        """A release as a forge sends it: one folder, in tar, in gzip."""
        top = f"{name.partition('/')[2]}-{self.packages[name].commit(version)}"
        written = io.BytesIO()
        with tarfile.open(fileobj=written, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for path, content in sorted(self.files(name, version).items()):
                entry = tarfile.TarInfo(f"{top}/{path}")
                entry.size, entry.mode, entry.mtime = len(content), 0o644, 1_700_000_000
                archive.addfile(entry, io.BytesIO(content))
        packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        return packer.compress(written.getvalue()) + packer.flush()


def _chance(seed: str, what: str) -> Random:
    """The draws for *what*: always the same."""
    return Random(f"{seed} {what}")  # noqa: S311  it is to be foreseen


def _pick(chance: Random, choices: Sequence[_T]) -> _T:
    return choices[int(chance.random() * len(choices))]


def _between(chance: Random, bounds: tuple[int, int]) -> int:
    least, most = bounds
    return least + int(chance.random() * (most - least + 1))


def _texts(chance: Random, shape: Shape) -> Mapping[str, bytes]:
    """Sources of a package; together about as many bytes as were drawn for it."""
    count = max(1, _between(chance, shape.files) - 2)
    weights = [chance.random() + 0.05 for _ in range(count)]
    total = _between(chance, shape.octets)
    words = [
        "".join(_pick(chance, _SYLLABLES) for _ in range(1 + int(chance.random() * 3))) for _ in range(400)
    ]
    lines = [_line(chance, words) for _ in range(min(600, 1 + total // 40))]
    folders = ("src", "src", "src/core", "src/util", "test")
    found = {}
    for number, weight in enumerate(weights):
        folder = "src" if number == 0 else _pick(chance, folders)
        path = "src/index.hml" if number == 0 else f"{folder}/{_pick(chance, words)}_{number}.hml"
        found[path] = _text(chance, lines, int(total * weight / sum(weights)))
    return found


def _word(chance: Random) -> str:
    return "".join(_pick(chance, _SYLLABLES) for _ in range(1 + int(chance.random() * 3)))


def _line(chance: Random, words: Sequence[str]) -> str:
    """A line as sources have them."""
    a, b, c = (_pick(chance, words) for _ in range(3))
    number = int(chance.random() * 100_000)
    forms = (
        f"    let {a} = {b}.{c}({number});",
        f'    if ({a} != null && {b}.length > {number}) {{ return {c}("{b} {a}"); }}',
        f'    {a}.push({{ {b}: {c}, id: "{number:08x}" }});',
        f"// {a} {b} {c} {a}.",
    )
    return _pick(chance, forms)


def _text(chance: Random, lines: Sequence[str], octets: int) -> bytes:
    drawn, length = [], 0
    while length < octets:
        drawn.append(_pick(chance, lines))
        length += len(drawn[-1]) + 1
    return ("\n".join(drawn) + "\n").encode()
