"""explain: why there is no solution, in as few lines as it takes.

From the proof that the solver leaves: see "Explaining a failure" in docs/resolution.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest

from hpmtasks.dataclass import dataclass
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.incompatibility import (
    CandidateUnavailable,
    Derived,
    Incompatibility,
    NoVersion,
    PackageUnavailable,
    RequiredByPackage,
    RequiredByRoot,
)
from hpmtasks.resolver.phrases import Phrases, enumerate_words, list_available
from hpmtasks.semver.version_set import VersionSet

# A numbered step joins at most this many facts.
_MOST_FACTS = 3
# Of a way from the project to a requirement, at most this many lines are shown.
_LONGEST_WAY = 4


@dataclass(frozen=True, slots=True)
class Story:
    """A failure in words.

    Attributes:
        headline: What the conflict is about.
        steps: The reasons, one line each.
        verdict: What follows from them.
        packages: The packages that the steps name.
        contested: Those among them that several sides ask for.
    """

    headline: str
    steps: tuple[str, ...]
    verdict: tuple[str, ...]
    packages: tuple[PackageName, ...]
    contested: tuple[PackageName, ...]


def explain(proof: Incompatibility, candidates: Candidates) -> Story:
    """The story that *proof* tells, as a list if it is simple, else as numbered steps."""
    facts = _Facts(proof)
    phrases = Phrases(candidates, facts.requirements())
    return _explain_as_list(facts, phrases, candidates) or _explain_in_steps(proof, facts, phrases)


def walk(proof: Incompatibility) -> Iterator[Incompatibility]:
    """*proof* and everything it rests on, each once, causes before what follows from them.

    With its own stack: a proof may be thousands of steps deep.
    """
    seen: set[Incompatibility] = set()
    waiting: list[tuple[Incompatibility, bool]] = [(proof, False)]
    while waiting:
        node, is_expanded = waiting.pop()
        if is_expanded:
            yield node
        elif node not in seen:
            seen.add(node)
            waiting.append((node, True))
            if isinstance(node.cause, Derived):
                waiting += [(node.cause.right, False), (node.cause.left, False)]


class _Facts:
    """The facts at the bottom of a proof, those that say the same joined to one."""

    def __init__(self, proof: Incompatibility) -> None:
        self.roots: list[RequiredByRoot] = []
        self.refused: list[PackageUnavailable | CandidateUnavailable] = []
        self.absent: list[NoVersion] = []
        joined: dict[tuple[PackageName, PackageName, VersionSet], RequiredByPackage] = {}
        for node in walk(proof):
            cause = node.cause
            if isinstance(cause, RequiredByRoot):
                self.roots.append(cause)
            elif isinstance(cause, PackageUnavailable | CandidateUnavailable):
                self.refused.append(cause)
            elif isinstance(cause, NoVersion):
                self.absent.append(cause)
            elif isinstance(cause, RequiredByPackage):
                key = (cause.name, cause.requirement.name, cause.requirement.constraint.versions)
                versions = {*cause.versions, *(joined[key].versions if key in joined else ())}
                joined[key] = RequiredByPackage(
                    cause.name, tuple(sorted(versions)), cause.requirement, cause.overridden
                )
        self.edges = sorted(joined.values(), key=lambda edge: (edge.name.key, edge.versions))
        self.refused.sort(key=_refused_order)
        self._requiring: dict[PackageName, list[RequiredByRoot | RequiredByPackage]] = {}
        for requiring in self._all_requiring():
            self._requiring.setdefault(required(requiring).name, []).append(requiring)

    def requirements(self) -> Iterator[Requirement]:
        """Everything that is required."""
        return (required(cause) for cause in self._all_requiring())

    def _all_requiring(self) -> Iterator[RequiredByRoot | RequiredByPackage]:
        yield from self.roots
        yield from self.edges

    def packages(self) -> tuple[PackageName, ...]:
        """Every package that is required or requires, sorted."""
        return tuple(sorted(self._requiring))

    def requiring(self, name: PackageName) -> list[RequiredByRoot | RequiredByPackage]:
        """Who requires a package: the project first, then by name and version."""
        return self._requiring.get(name, [])

    def contested(self) -> tuple[PackageName, ...]:
        """The packages that are required more than once, or of which something is missing."""
        troubled = {each.name for each in (*self.refused, *self.absent)}
        return tuple(name for name in self.packages() if name in troubled or len(self.requiring(name)) > 1)


def _refused_order(cause: PackageUnavailable | CandidateUnavailable) -> tuple[str, str]:
    return (cause.name.key, str(cause.version) if isinstance(cause, CandidateUnavailable) else "")


# ---------------------------------------------------------------- a list


def _explain_as_list(facts: _Facts, phrases: Phrases, candidates: Candidates) -> Story | None:
    """The two sides (or more) of a conflict about one package, each with the way it came in.

    ``None`` if the conflict is about more than one package, so that a list would not explain it.
    """
    contested = facts.contested()
    if len(contested) != 1:
        return None
    (name,) = contested
    steps: list[str] = []
    sides = facts.requiring(name)
    for side, following in zip_longest(sides, sides[1:]):
        way = _way_from_root(side, facts)
        if way is None:
            return None
        steps.append(f"  {phrases.requiring(side, expanded=True)}")
        if not _is_same_requirer(side, following):
            steps += [
                f"    and {step}" for step in shorten([phrases.requiring(each) for each in way], _LONGEST_WAY)
            ]
    steps += [f"  {phrases.refused(cause)}" for cause in facts.refused]
    if name in candidates.members:
        verdict = [f"{phrases.own(name)}."]
        return Story(
            f"Dependency conflict for {name}", tuple(steps), tuple(verdict), facts.packages(), contested
        )
    verdict = ["No version satisfies all constraints."]
    existing = candidates.known(name)
    if existing:
        verdict.append(f"Available versions: {list_available(existing)}")
    return Story(f"Dependency conflict for {name}", tuple(steps), tuple(verdict), facts.packages(), contested)


def shorten(lines: Sequence[str], most: int) -> Sequence[str]:
    """At most *most* lines: what is left out is in the middle, where it tells least."""
    if len(lines) <= most:
        return lines
    tail = (most - 1) // 2
    head = most - 1 - tail
    first_cut = lines[head]
    indentation = first_cut[: len(first_cut) - len(first_cut.lstrip())]
    return [*lines[:head], f"{indentation}… ({len(lines) - most + 1} more)", *lines[len(lines) - tail :]]


def required(cause: RequiredByRoot | RequiredByPackage) -> Requirement:
    """What is required, whoever does."""
    return cause.root.requirement if isinstance(cause, RequiredByRoot) else cause.requirement


def _is_same_requirer(
    one: RequiredByRoot | RequiredByPackage, other: RequiredByRoot | RequiredByPackage | None
) -> bool:
    """Both are required by the same package, by different versions of it."""
    return (
        isinstance(one, RequiredByPackage) and isinstance(other, RequiredByPackage) and one.name == other.name
    )


def _way_from_root(
    cause: RequiredByRoot | RequiredByPackage, facts: _Facts
) -> list[RequiredByRoot | RequiredByPackage] | None:
    """Who requires that requirer, and so on up to the project; ``None`` if the way forks or circles."""
    way: list[RequiredByRoot | RequiredByPackage] = []
    while isinstance(cause, RequiredByPackage):
        above = facts.requiring(cause.name)
        if len(above) != 1 or above[0] in way:
            return None
        cause = above[0]
        way.append(cause)
    return way


# ---------------------------------------------------------------- numbered steps


def _explain_in_steps(proof: Incompatibility, facts: _Facts, phrases: Phrases) -> Story:
    """The proof as a chain of numbered conclusions, each from a few facts and from earlier ones."""
    writer = _StepWriter(proof, phrases)
    roots = sorted({root.root.requirement.name for root in facts.roots})
    subject = enumerate_words([str(name) for name in roots])
    headline = (
        f"Dependency conflict between {subject}" if len(roots) > 1 else f"Dependency conflict below {subject}"
    )
    return Story(headline, tuple(writer.lines), (), facts.packages(), facts.contested())


class _StepWriter:
    """Turns a proof into lines. A conclusion that is used once and rests on little is not written out."""

    def __init__(self, proof: Incompatibility, phrases: Phrases) -> None:
        self._phrases = phrases
        self.lines: list[str] = []
        self._numbers: dict[Incompatibility, int] = {}
        nodes = list(walk(proof))
        self._uses = Counter(
            cause
            for node in nodes
            if isinstance(node.cause, Derived)
            for cause in (node.cause.left, node.cause.right)
        )
        self._grounds: dict[Incompatibility, list[Incompatibility]] = {}
        for node in nodes:
            if isinstance(node.cause, Derived):
                self._grounds[node] = self._gather(node.cause)
        self._write(proof)

    def _gather(self, cause: Derived) -> list[Incompatibility]:
        """What a conclusion is said to rest on: facts, and conclusions that have a line of their own."""
        grounds: list[Incompatibility] = []
        sides = sorted((cause.left, cause.right), key=lambda side: isinstance(side.cause, Derived))
        for side in sides:
            below = self._grounds.get(side)
            if below is None:
                grounds.append(side)
            elif (
                self._uses[side] == 1
                and side not in self._numbers
                and len(grounds) + len(below) <= _MOST_FACTS
            ):
                grounds = [*below, *grounds]
            else:
                self._write(side)
                grounds.append(side)
        return grounds

    def _write(self, node: Incompatibility) -> None:
        if node in self._numbers:
            return
        grounds = self._grounds.get(node, [node])
        earlier = sorted(self._numbers[each] for each in grounds if each in self._numbers)
        by = [f"by {enumerate_words([str(number) for number in earlier])}"] if earlier else []
        facts = self._phrases.facts([each for each in grounds if each not in self._numbers])
        number = self._numbers[node] = len(self.lines) + 1
        reasons = ", and ".join([*by, *facts])
        self.lines.append(f"  {number}. {reasons}: so {self._phrases.conclusion(node)}")
