"""failure: which error it is that there is no solution, with its story and what to do.

See "Which error" in docs/resolution.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hpmtasks import errors
from hpmtasks.dataclass import replace
from hpmtasks.model.package import PackageName, Requirement
from hpmtasks.resolver.dead_ends import (
    DeadEnd,
    DeadEnds,
    End,
    MissingPackage,
    MissingVersion,
    UnusableCandidate,
)
from hpmtasks.resolver.explain import explain, required, shorten
from hpmtasks.resolver.incompatibility import Incompatibility, RequiredByPackage, RequiredByRoot
from hpmtasks.resolver.phrases import (
    Phrases,
    describe_constraint,
    describe_requirement,
    enumerate_words,
    list_available,
)
from hpmtasks.resolver.request import Overrides
from hpmtasks.resolver.search import Exhausted, recall
from hpmtasks.resolver.solver import Solver, Unsolvable
from hpmtasks.resolver.suggest import Question, Suggestions
from hpmtasks.semver.version import Version

#: Longest story in a message; the whole one is an attribute of the error.
MOST_LINES = 6


def explain_failure(question: Question, proof: Incompatibility) -> errors.HpmError:
    """The error to raise, ready to be read."""
    way = DeadEnds(question.candidates, Overrides(question.overrides)).find(question.root)
    if way is not None:
        return _tell_dead_end(question, way)
    return _tell_conflict(question, _shorten(question, proof))


def _shorten(question: Question, proof: Incompatibility) -> Incompatibility:
    """A proof from the same facts, but known from the start: the search's own detours drop out of it."""
    candidates = recall(question.candidates, 0)
    for name in question.candidates.names_known():
        candidates.existing(name)
    solver = Solver(question.root, candidates, Overrides(question.overrides))
    solver.prepare(question.candidates.requirements_known())
    try:
        solver.run()
    except Unsolvable as shorter:
        return shorter.proof
    except Exhausted:
        pass
    return proof


def _tell_conflict(question: Question, proof: Incompatibility) -> errors.RequirementsConflict:
    story = explain(proof, question.candidates)
    suggestions = Suggestions(question, story.packages).find(story.contested)
    advice = suggestions or (_nothing_helps(question, story.contested),)
    message = "\n".join((story.headline, *shorten(story.steps, MOST_LINES), *story.verdict, *_apart(advice)))
    return errors.RequirementsConflict(
        message,
        packages=[str(name) for name in story.packages],
        story=[step.strip() for step in story.steps],
        suggestions=suggestions,
    )


# ---------------------------------------------------------------- dead ends


def _tell_dead_end(question: Question, way: DeadEnd) -> errors.HpmError:
    facts = _facts(question, way)
    phrases = Phrases(question.candidates, [required(fact) for fact in facts])
    packages = list(dict.fromkeys(required(fact).name for fact in facts))
    suggestions = Suggestions(question, packages).find([])
    requirements = [f"  {phrases.requiring(fact)}" for fact in facts]
    ends = [f"  {_end(end, phrases)}" for end in way.ends]
    first = way.ends[0]
    # Where all ends are of one kind, the headline tells the first of them.
    steps = shorten([*requirements, *ends[1:]], MOST_LINES)
    if isinstance(first, MissingPackage) and all(_is_missing_package(end) for end in way.ends):
        advice = _apart(suggestions or (_ask_authors(way) or _check_name(way),))
        origin = first.refusal.origin or "Its source"
        return errors.PackageNotFound(str(first.requirement.name), origin, "\n".join((*steps, *advice)))
    members = [name for name in map(_missing_from, way.ends) if name in question.candidates.members]
    if members:
        advice = _apart(suggestions or (f"Change the version of {members[0]}, or ask for the one it has.",))
        return errors.RequirementsConflict(
            "\n".join(
                (
                    f"Dependency conflict for {members[0]}",
                    *shorten([*requirements, *ends], MOST_LINES),
                    *advice,
                )
            ),
            packages=[str(name) for name in packages],
            story=[step.strip() for step in (*requirements, *ends)],
            suggestions=suggestions,
        )
    if isinstance(first, MissingVersion) and all(isinstance(end, MissingVersion) for end in way.ends):
        wanted = first.requirement
        advice = _apart(
            suggestions or (_ask_authors(way) or f"{wanted.name} has to publish such a version first.",)
        )
        existing = question.candidates.listed(wanted.name) or ()
        return errors.NoSuchVersion(
            "\n".join((*_no_match(wanted, existing), *steps, *advice)),
            name=str(wanted.name),
            constraint=describe_constraint(wanted.constraint),
            available=[str(version) for version in existing],
        )
    advice = _apart(
        suggestions or (_ask_authors(way) or f"{packages[0]} has to publish one that can be used.",)
    )
    steps = shorten([*requirements, *ends], MOST_LINES)
    return errors.RequirementsConflict(
        "\n".join((f"No usable version of {describe_requirement(required(facts[0]))}", *steps, *advice)),
        packages=[str(name) for name in packages],
        story=[step.strip() for step in (*requirements, *ends)],
        suggestions=suggestions,
    )


def _missing_from(end: End) -> PackageName | None:
    """The package that is there, without a version that fits."""
    return end.requirement.name if isinstance(end, MissingVersion) else None


def _is_missing_package(end: End) -> bool:
    """There is no such package, as opposed to one that cannot be used."""
    return isinstance(end, MissingPackage) and end.refusal.missing_package


def _no_match(requirement: Requirement, existing: Sequence[Version]) -> Iterator[str]:
    yield f"No version of {requirement.name} matches constraint {describe_constraint(requirement.constraint)}"
    yield ""
    available = list_available(existing, requirement.constraint.versions)
    yield f"Available versions: {available or 'none'}"


def _facts(question: Question, way: DeadEnd) -> list[RequiredByRoot | RequiredByPackage]:
    """Who requires what on the way, the project first."""
    overrides = Overrides(question.overrides)
    asked = way.root.requirement
    effective = overrides.apply(asked, way.root.member)
    root = replace(way.root, requirement=effective)
    facts: list[RequiredByRoot | RequiredByPackage] = [
        RequiredByRoot(root, None if effective == asked else asked.constraint)
    ]
    for link in way.links:
        own = question.candidates.requirements(link.packages[0])
        asked = next(each for each in own if each.name == link.requirement.name)
        versions = tuple(package.version for package in link.packages)
        overridden = None if asked == link.requirement else asked.constraint
        facts.append(RequiredByPackage(link.name, versions, link.requirement, overridden))
    return facts


def _end(end: End, phrases: Phrases) -> str:
    """What is missing there, as a clause."""
    if isinstance(end, UnusableCandidate):
        return f"{end.package.name} {end.package.version} {end.refusal.reason}"
    if isinstance(end, MissingPackage):
        return f"{end.requirement.name} {end.refusal.reason}"
    return phrases.absent(end.requirement.name, end.requirement.constraint.versions)


# ---------------------------------------------------------------- layout


def _apart(advice: Sequence[str]) -> Sequence[str]:
    """Advice, with an empty line before it if there is any."""
    return ("", *advice) if advice else ()


def _nothing_helps(question: Question, contested: Sequence[PackageName]) -> str:
    """What to do where no single change was found."""
    fitting = f" of {enumerate_words([str(name) for name in contested], 'or')}" if contested else ""
    return (
        f"No change of one line in package.json was found that helps {question.root_label}: "
        f"ask for a version{fitting} that fits the others."
    )


def _check_name(way: DeadEnd) -> str:
    """What to do about a package that the project names and nobody finds."""
    name = way.root.requirement.name
    return f"Check the spelling of {name} in {way.root.place}; for a private repository, check your token."


def _ask_authors(way: DeadEnd) -> str:
    """What to do about something missing behind a dependency; nothing if it is the dependency itself."""
    if not way.links:
        return ""
    author, own = way.links[-1].name, way.root.requirement.name
    return f"Tell the authors of {author}, or do without {'it' if author == own else own}."
