"""scenario: a case of resolution, written as text; the format is told in tests/scenarios/README.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args

from hpmtasks.errors import HpmError
from hpmtasks.model.package import PackageId, PackageName, Requirement
from hpmtasks.resolver.request import Direction, MemberPackage, Override, RootRequirement
from hpmtasks.resolver.solution import Solution
from hpmtasks.resolver.solve import solve
from hpmtasks.semver.constraint import parse_constraint
from hpmtasks.semver.version import Version
from tests.support.registry import Registry

_RANGE = re.compile(r"\{(\d+)\.\.(\d+)\}")
_NUMBER = re.compile(r"\{n([+-]\d+)?\}")
_SECTIONS = (
    "packages",
    "unlisted",
    "dependencies",
    "devDependencies",
    "members",
    "locked",
    "overrides",
    "direction",
    "expect",
    "asks",
)


@dataclass
class Scenario:
    """What stands in one file."""

    packages: dict[PackageName, dict[Version, Sequence[Requirement] | str]] = field(default_factory=dict)
    unlisted: set[PackageId] = field(default_factory=set)
    root: list[RootRequirement] = field(default_factory=list)
    members: list[MemberPackage] = field(default_factory=list)
    locked: dict[PackageName, Version] = field(default_factory=dict)
    overrides: list[Override] = field(default_factory=list)
    direction: Direction = "highest"
    expect: str = ""
    asks: str | None = None

    def play(self) -> tuple[str, Registry]:
        """What comes out, as ``expect`` would have it; and the registry, which knows what it was asked."""
        registry = Registry(self.packages, self.unlisted)
        try:
            solution = solve(
                self.root,
                registry,
                locked=self.locked,
                overrides=self.overrides,
                direction=self.direction,
                members=self.members,
            )
        except HpmError as error:
            return f"{type(error).__name__} (exit {error.exit_code})\n{error}", registry
        return show(solution), registry


def show(solution: Solution) -> str:
    """One line for each package."""
    return "\n".join(
        f"{name} {resolved.version}{' (dev)' if name in solution.dev else ''}"
        for name, resolved in solution.items()
    )


def show_asked(registry: Registry) -> str:
    """What the registry was asked, each question in a line, sorted."""
    versions = [f"versions of {name}" for name in registry.asked_versions]
    manifests = [f"manifest of {package}" for package in registry.asked_requirements]
    return "\n".join(sorted(versions) + sorted(manifests)) or "nothing"


def read_scenario(text: str) -> Scenario:
    """The case that *text* describes."""
    scenario = Scenario()
    for section, lines in _split(text).items():
        if section in ("expect", "asks"):
            setattr(scenario, section, "\n".join(lines))
        else:
            for line in lines:
                for expanded in _expand(line):
                    _read_line(scenario, section, expanded)
    return scenario


def _read_line(scenario: Scenario, section: str, line: str) -> None:
    if section == "packages":
        _read_package(scenario, line)
    elif section == "unlisted":
        scenario.unlisted.update(_read_package(scenario, line))
    elif section in ("dependencies", "devDependencies"):
        scenario.root.append(RootRequirement(_read_requirement(line), section))
    elif section == "members":
        _read_member(scenario, line)
    elif section == "locked":
        name, version = line.split()
        scenario.locked[PackageName.parse(name)] = Version.parse(version)
    elif section == "overrides":
        scenario.overrides.append(_read_override(line))
    else:
        (scenario.direction,) = (each for each in get_args(Direction) if each == line.strip())


def _read_member(scenario: Scenario, line: str) -> None:
    """``owner/repo 1.0.0: owner/other ^1, … | owner/for-development ^2, …``."""
    head, _, requirements = line.partition(": ")
    name, version = head.split()
    member = PackageName.parse(name)
    sections = zip(("dependencies", "devDependencies"), requirements.split("|"), strict=False)
    for section, listed in sections:
        required = [_read_requirement(each) for each in listed.split(",") if each.strip()]
        file = f"packages/{member.repo}/package.json"
        scenario.root += [RootRequirement(each, section, file, member) for each in required]
        if section == "dependencies":
            package = PackageId(member, Version.parse(version))
            scenario.members.append(MemberPackage(package, tuple(required)))


def _split(text: str) -> dict[str, list[str]]:
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in text.splitlines():
        if line in _SECTIONS:
            current = sections.setdefault(line, [])
        elif line.startswith("  ") or (not line and sections):
            current.append(line[2:])
        elif line and not line.startswith("#"):
            raise ValueError(f"{line!r} is no section; they are {', '.join(_SECTIONS)}")
    for name, lines in sections.items():
        while lines and not lines[-1]:
            lines.pop()
        if name not in ("expect", "asks"):
            lines[:] = [line for line in lines if line.strip()]
    return sections


def _expand(line: str) -> Iterator[str]:
    """The line for each number of its ``{first..last}``, with ``{n}``, ``{n+1}``, ``{n-1}`` filled in."""
    span = _RANGE.search(line)
    if span is None:
        yield line
        return
    for number in range(int(span[1]), int(span[2]) + 1):
        rest = _RANGE.sub(str(number), line)
        yield _NUMBER.sub(lambda found, n=number: str(n + int(found[1] or 0)), rest)  # type: ignore[misc]


def _read_package(scenario: Scenario, line: str) -> list[PackageId]:
    """``owner/repo 1.0.0 1.1.0: owner/other ^1, …`` or ``owner/repo 1.0.0! reason``."""
    head, bang, reason = line.partition("! ")
    head, _, requirements = head.partition(": ")
    name, *versions = head.split()
    answer: Sequence[Requirement] | str = (
        reason if bang else [_read_requirement(each) for each in requirements.split(",") if each.strip()]
    )
    packages = [PackageId(PackageName.parse(name), Version.parse(version)) for version in versions]
    known = scenario.packages.setdefault(PackageName.parse(name), {})
    known.update({package.version: answer for package in packages})
    return packages


def _read_requirement(text: str) -> Requirement:
    name, _, constraint = text.strip().partition(" ")
    return Requirement(PackageName.parse(name), parse_constraint(constraint))


def _read_override(text: str) -> Override:
    parent, arrow, rest = text.rpartition(" > ")
    requirement = _read_requirement(rest)
    return Override(requirement.name, requirement.constraint, PackageName.parse(parent) if arrow else None)


def rewrite(path: Path) -> None:
    """Write down what comes out now as what is expected. Read the difference before believing it."""
    text = path.read_text(encoding="utf-8")
    scenario = read_scenario(text)
    outcome, registry = scenario.play()
    head = text.partition("\nexpect\n")[0]
    text = f"{head}\nexpect\n{_indent(outcome)}\n"
    if scenario.asks is not None:
        text += f"\nasks\n{_indent(show_asked(registry))}\n"
    path.write_text(text, encoding="utf-8")


def _indent(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        rewrite(Path(argument))
