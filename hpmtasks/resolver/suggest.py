"""suggest: a change of package.json that helps, tried before it is named.

See "Suggestions" in docs/resolution.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

from hpmtasks import errors
from hpmtasks.dataclass import dataclass, replace
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.candidates import Candidates
from hpmtasks.resolver.phrases import describe_constraint, enumerate_words
from hpmtasks.resolver.request import Override, Overrides, RootRequirement
from hpmtasks.resolver.search import Exhausted, recall, search
from hpmtasks.resolver.solution import Solution
from hpmtasks.resolver.solver import Unsolvable
from hpmtasks.semver.constraint import Constraint, parse_constraint
from hpmtasks.semver.version_set import VersionSet

#: How many questions all attempts together may ask a catalogue beyond what is known.
MOST_QUESTIONS = 24
#: How many changes are tried, and how many are named.
MOST_ATTEMPTS = 12
MOST_SUGGESTIONS = 2
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A resolution that failed: what was asked, and what was learned."""

    root: Sequence[RootRequirement]
    candidates: Candidates
    overrides: Sequence[Override]
    root_label: str


class Suggestions:
    """Changes of one line, each resolved before it is named."""

    def __init__(self, question: Question, packages: Sequence[PackageName]) -> None:
        """Look for changes that concern *packages*, and name those in the outcome."""
        self._question = question
        self._packages = packages
        self._candidates = recall(question.candidates, MOST_QUESTIONS)
        self._attempts = MOST_ATTEMPTS

    def find(self, contested: Sequence[PackageName]) -> tuple[str, ...]:
        """Up to :data:`MOST_SUGGESTIONS` sentences.

        An override (of a *contested* package) is only suggested if no other change of the
        project helps: it silences a package's own word.
        """
        changes = chain(self._relaxations(), self._removals())
        found = tuple(islice(changes, MOST_SUGGESTIONS))
        return found or tuple(islice(self._replacements(contested), 1))

    def _relaxations(self) -> Iterator[str]:
        """Another constraint for one requirement of the project."""
        for index, line in enumerate(self._question.root):
            name = line.requirement.name
            if (
                name not in self._packages
                or self._overrides.apply(line.requirement, line.member) != line.requirement
            ):
                continue
            relaxed = self._try(index, Constraint("*", VersionSet.any_release())) or self._try(
                index, Constraint("*", VersionSet.full())
            )
            if relaxed is None:
                continue
            # What is said is what was tried: the constraint that a user would write.
            constraint = parse_constraint(f"^{relaxed[name].version}")
            outcome = self._try(index, constraint)
            if outcome is not None:
                was = describe_constraint(line.requirement.constraint)
                yield (
                    f"Change {name} in {line.place} from {was} to {constraint.text}: "
                    f"then {self._name_outcome(outcome, name)} installed."
                )

    def _removals(self) -> Iterator[str]:
        """An override less."""
        for override in self._question.overrides:
            if override.target in self._packages:
                others = [each for each in self._question.overrides if each is not override]
                outcome = self._attempt(self._question.root, Overrides(others))
                if outcome is not None:
                    parent = f"{override.parent} > " if override.parent else ""
                    yield (
                        f'Remove "{parent}{override.target}" from the overrides in package.json: '
                        f"then {self._name_outcome(outcome, override.target)} installed."
                    )

    def _replacements(self, contested: Sequence[PackageName]) -> Iterator[str]:
        """A version that everybody gets, whatever they ask."""
        for name in contested:
            others = [each for each in self._question.overrides if each.target != name]
            for version in reversed(self._question.candidates.known(name)):
                override = Override(name, parse_constraint(str(version)))
                outcome = self._attempt(self._question.root, Overrides([*others, override]))
                if outcome is not None:
                    yield (
                        f'If {name} {version} suits them all, add "overrides": {{"{name}": "{version}"}} to '
                        f"package.json: then {self._name_outcome(outcome, name)} installed."
                    )

    @property
    def _overrides(self) -> Overrides:
        return Overrides(self._question.overrides)

    def _try(self, index: int, constraint: Constraint) -> Solution | None:
        """What would be installed if the line at *index* had this constraint."""
        root = list(self._question.root)
        root[index] = replace(root[index], requirement=Requirement(root[index].requirement.name, constraint))
        return self._attempt(root, self._overrides)

    def _attempt(self, root: Sequence[RootRequirement], overrides: Overrides) -> Solution | None:
        if not self._attempts:
            return None
        self._attempts -= 1
        try:
            return search(root, self._candidates, overrides)
        except (Unsolvable, Exhausted):
            return None
        except errors.HpmError:
            # A circle, or the network: a hint that cannot be had must not hide the conflict.
            return None

    def _name_outcome(self, outcome: Solution, changed: PackageName) -> str:
        """``acme/a 2.1.0 and acme/b 1.4.0 are``: the changed package and others that the story names."""
        names = [changed, *(each for each in self._packages if each in outcome and each != changed)]
        words = [f"{name} {outcome[name].version}" for name in names[:_MOST_NAMED] if name in outcome]
        if len(names) > _MOST_NAMED:
            words.append(f"{len(names) - _MOST_NAMED} more")
        return f"{enumerate_words(words)} {'is' if len(words) == 1 else 'are'}"
