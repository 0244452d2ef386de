"""errors: what can go wrong, once, with its exit code.

Every failure that a user can meet is a leaf of this tree::

    HpmError
    ├── RequirementsConflict     1
    ├── PackageNotFound          2
    ├── NotInProject             2
    ├── ScriptNotFound           2
    ├── NoSuchVersion            3
    ├── NetworkFailure           4
    │   ├── NotOffline             needed the network under --offline
    │   └── StorageFailure         the disk refused
    ├── InvalidManifest          5
    │   ├── InvalidLockfile
    │   ├── InvalidPatch
    │   ├── InvalidDatabase
    │   └── InvalidSetting
    ├── IntegrityMismatch        6
    │   └── UnsafeArchive
    ├── RateLimited              7
    ├── CircularDependency       8
    ├── OutOfDate                9
    ├── Usage                   64
    ├── Defect                  70
    └── Interrupted            130
        └── Terminated         143

``str(error)`` is the one message a user reads: what is wrong, where, and the
way out. The attributes carry the same as data, for ``--json`` and for tests.
Only ``cli`` prints errors and turns them into exit codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class HpmError(Exception):
    """A failure with an exit code and one message for the user."""

    exit_code: ClassVar[int] = 70
    #: The stable name of this failure in ``--json`` output.
    kind: ClassVar[str] = "defect"
    #: The number by which ``hpm help`` explains it: HPM, the exit code, and one digit more. Never reused.
    code: ClassVar[str] = "HPM701"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class RequirementsConflict(HpmError):
    """No choice of versions satisfies every requirement.

    Attributes:
        packages: The package names that take part in it.
        story: The reasons, one clause or numbered step each; all of them, where the message may shorten.
        suggestions: Changes of package.json that were tried and help; may be empty.
    """

    exit_code = 1
    kind = "conflict"
    code = "HPM011"

    def __init__(
        self,
        message: str,
        *,
        packages: Sequence[str] = (),
        story: Sequence[str] = (),
        suggestions: Sequence[str] = (),
    ) -> None:
        super().__init__(message)
        self.packages = tuple(packages)
        self.story = tuple(story)
        self.suggestions = tuple(suggestions)


class PackageNotFound(HpmError):
    """A source was asked and does not have the package.

    Attributes:
        name: ``owner/repo`` as it was asked for.
        origin: Where it was looked for, as a user knows it (a host, a folder).
    """

    exit_code = 2
    kind = "package-not-found"
    code = "HPM021"

    def __init__(self, name: str, origin: str, hint: str = "") -> None:
        sentence = f"Package not found: {name}\n\n{origin} has no repository {name}, or you may not see it."
        super().__init__(f"{sentence}\n{hint}" if hint else sentence)
        self.name = name
        self.origin = origin

    def with_hint(self, hint: str) -> PackageNotFound:
        """The same, with *hint* as its last line."""
        return self.in_words(f"{self.message}\n{hint}")

    def in_words(self, message: str) -> PackageNotFound:
        """The same, told by *message*."""
        found = PackageNotFound(self.name, self.origin)
        found.message = message
        found.args = (message,)
        return found


class NotInProject(HpmError):
    """A package was named that the project does not have.

    Attributes:
        packages: The names that it does not have.
        near: Names that were probably meant.
    """

    exit_code = 2
    kind = "not-in-project"
    code = "HPM022"

    def __init__(self, message: str, *, packages: Sequence[str], near: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.packages = tuple(packages)
        self.near = tuple(near)


class ScriptNotFound(HpmError):
    """package.json has no such script."""

    exit_code = 2
    kind = "script-not-found"
    code = "HPM023"


class NotBundled(HpmError):
    """A program and its modules cannot be made one file.

    Attributes:
        problems: A sentence each.
    """

    exit_code = 2
    kind = "not-bundled"
    code = "HPM024"

    def __init__(self, program: str, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            "\n".join([f"{program} cannot be bundled:\n", *(f"  - {each}" for each in problems)])
        )


class NoSuchVersion(HpmError):
    """The package exists and none of its versions satisfies the constraint.

    Attributes:
        name: The package name.
        constraint: What was asked for, as text.
        available: The versions that exist, ascending, as text.
    """

    exit_code = 3
    kind = "version-not-found"
    code = "HPM031"

    def __init__(self, message: str, *, name: str, constraint: str, available: Sequence[str]) -> None:
        super().__init__(message)
        self.name = name
        self.constraint = constraint
        self.available = tuple(available)


class NetworkFailure(HpmError):
    """A server could not be reached, or did not answer as it should."""

    exit_code = 4
    kind = "network"
    code = "HPM041"


class NotOffline(NetworkFailure):
    """Something is needed that is not in the store, and the network may not be used."""

    kind = "offline"
    code = "HPM042"


class StorageFailure(NetworkFailure):
    """The file system refused to take what was fetched: full, read-only, forbidden."""

    kind = "storage"
    code = "HPM043"


class InvalidManifest(HpmError):
    """package.json cannot be used as it stands.

    Attributes:
        path: The file.
        issues: One sentence for each thing that is wrong.
    """

    exit_code = 5
    kind = "invalid-manifest"
    code = "HPM051"
    what: ClassVar[str] = "package.json"

    def __init__(self, path: str, issues: Sequence[str]) -> None:
        lines = "\n".join(f"  - {issue}" for issue in issues)
        super().__init__(f"Invalid {self.what}: {path}\n\n{lines}")
        self.path = path
        self.issues = tuple(issues)


class InvalidLockfile(InvalidManifest):
    """package-lock.json cannot be used as it stands."""

    kind = "invalid-lockfile"
    code = "HPM052"
    what = "package-lock.json"


class InvalidPatch(InvalidManifest):
    """A patch that package.json names cannot be applied, or an edited package cannot be made one."""

    kind = "invalid-patch"
    code = "HPM054"
    what = "patch"


class InvalidDatabase(InvalidManifest):
    """A folder or file that should hold advisories cannot be used."""

    kind = "invalid-database"
    code = "HPM055"
    what = "advisory database"


class InvalidSetting(InvalidManifest):
    """A setting, from the environment, config.json or package.json, cannot be used."""

    kind = "invalid-setting"
    code = "HPM053"
    what = "setting"


class IntegrityMismatch(HpmError):
    """The contents of a package are not the promised ones.

    Attributes:
        package: ``owner/repo@version``.
        expected: The promised digest.
        actual: The digest of what is there.
    """

    exit_code = 6
    kind = "integrity"
    code = "HPM061"

    def __init__(self, package: str, *, expected: str, actual: str, hint: str) -> None:
        super().__init__(
            f"Integrity check failed for {package}\n\nExpected: {expected}\nActual:   {actual}\n\n{hint}"
        )
        self.package = package
        self.expected = expected
        self.actual = actual


# A name in an archive may be a mebibyte long, and is a stranger's.
_LONGEST_MEMBER_SHOWN = 200


class UnsafeArchive(IntegrityMismatch):
    """An archive that no honest package has: it is damaged, or it attacks.

    Attributes:
        member: The name of the offending member, cut where it is endless; empty if the archive as a
            whole is bad.
    """

    kind = "unsafe-archive"
    code = "HPM062"

    def __init__(self, package: str, reason: str, member: str = "") -> None:
        if len(member) > _LONGEST_MEMBER_SHOWN:
            member = f"{member[:_LONGEST_MEMBER_SHOWN]}..."
        where = f" (member {member!r})" if member else ""
        HpmError.__init__(self, f"The archive of {package} is not usable: {reason}{where}")
        self.package = package
        self.expected = ""
        self.actual = ""
        self.member = member


class RateLimited(HpmError):
    """GitHub refuses more requests for now.

    Attributes:
        reset: Unix time (seconds) when requests are possible again; ``None`` if unknown.
    """

    exit_code = 7
    kind = "rate-limit"
    code = "HPM071"

    def __init__(self, message: str, *, reset: int | None = None) -> None:
        super().__init__(message)
        self.reset = reset


class CircularDependency(HpmError):
    """Packages need each other in a circle.

    Attributes:
        cycle: ``owner/repo@version`` of each package on it; the first is repeated at the end.
    """

    exit_code = 8
    kind = "circular"
    code = "HPM081"

    def __init__(self, cycle: Sequence[str]) -> None:
        drawn = [f"  {cycle[0]}"]
        for depth, package in enumerate(cycle[1:], start=1):
            closing = "  (circular!)" if depth == len(cycle) - 1 else ""
            drawn.append(f"  {'    ' * (depth - 1)}└── {package}{closing}")
        picture = "\n".join(drawn)
        way_out = (
            "It requires itself; tell its authors, or require a version of it that does not."
            if len(cycle) == 2
            else "One of these packages has to stop requiring the other; tell their authors,"
            " or require a version of one of them that does not."
        )
        super().__init__(f"Circular dependency detected\n\n{picture}\n\n{way_out}")
        self.cycle = tuple(cycle)


class OutOfDate(HpmError):
    """``--locked`` or ``--frozen`` was given and the lock does not answer the manifest."""

    exit_code = 9
    kind = "out-of-date"
    code = "HPM091"


class Usage(HpmError):
    """The command line was not understood."""

    exit_code = 64
    kind = "usage"
    code = "HPM641"


class Defect(HpmError):
    """A bug of hpm itself."""


class Interrupted(HpmError):
    """The user (or the system) asked hpm to stop."""

    exit_code = 130
    kind = "interrupted"
    code = "HPM1301"


class Terminated(Interrupted):
    """The system asked hpm to end."""

    exit_code = 143
    kind = "terminated"
    code = "HPM1431"
