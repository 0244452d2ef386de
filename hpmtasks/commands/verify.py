"""verify: are the locked packages what their repositories have, and who signed them?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from hpmtasks.commands.changes import counted
from hpmtasks.commands.command import Command, Context
from hpmtasks.commands.console import Console
from hpmtasks.commands.fetch import open_locked_session
from hpmtasks.commands.named import named
from hpmtasks.commands.pack import FINDINGS
from hpmtasks.errors import IntegrityMismatch, NetworkFailure, Usage
from hpmtasks.session.locked import locked_resolution
from hpmtasks.session.options import Options
from hpmtasks.supply.proof import Proof, is_proven, prove

#: For each package, whether something was found.
_MARKS = {False: ("✓", "ok"), True: ("✗", "broken")}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``hpm verify``."""
    parser.add_argument(
        "packages", nargs="*", metavar="owner/repo", help="packages to verify; none: all of them"
    )
    parser.add_argument(
        "--signed", action="store_true", help="every tag has to be signed by a key that is trusted here"
    )
    parser.add_argument(
        "--signers", metavar="FILE", help="ssh keys to trust, instead of git's gpg.ssh.allowedSignersFile"
    )
    parser.add_argument("--prod", action="store_true", help="leave out what only devDependencies need")
    parser.add_argument(
        "--offline", action="store_true", help="only repositories on this machine; open no socket"
    )


def run(context: Context) -> int:
    """Verify; see :data:`COMMAND`."""
    given, console = context.arguments, context.console
    signers = _signers(context)
    session = open_locked_session(context, Options(offline=given.offline, without_dev=given.prod))
    try:
        resolution = locked_resolution(session)
        wanted = named(given.packages, resolution.by_name, "locked")
        packages = [
            each
            for each in resolution.packages
            if session.options.lays_out(each) and (not given.packages or each.name in wanted)
        ]
        proofs = prove(session, packages, signers)
    finally:
        session.close()
    found = [each for each in proofs if not is_proven(each, signed=given.signed)]
    console.result(
        {
            "packages": [_as_data(each, is_bad=each in found) for each in proofs],
            "findings": len(found),
            "warnings": session.warnings,
        }
    )
    for proof in proofs:
        mark = _MARKS[proof in found][0 if console.is_unicode else 1]
        console.mark(f"{mark} {proof.package.id}: {'; '.join(_told(proof))}")
    _tell_end(console, proofs, found)
    return _exit_code(found)


def _signers(context: Context) -> str | None:
    """The file of ``--signers``, as an absolute path.

    Raises:
        Usage: There is no such file.
    """
    given = context.arguments.signers
    if given is None:
        return None
    path = context.folder / given
    if not path.is_file():
        raise Usage(f"--signers {given}: there is no such file.")
    return str(path)


def _exit_code(found: Sequence[Proof]) -> int:
    """The gravest of *found* decides: other files, then anything else, then what could not be found out."""
    kinds = {proof.contents for proof in found}
    if "different" in kinds:
        return IntegrityMismatch.exit_code
    if kinds - {"failed"}:
        return FINDINGS
    return NetworkFailure.exit_code if kinds else 0


def _told(proof: Proof) -> list[str]:
    said = {
        "same": "git has the same files",
        "different": f"git has other files: {proof.tree}, and {proof.package.tree} is locked",
        "unlocked": f"the lock has no digest of its files; git's is {proof.tree}",
        "unprovable": proof.reason,
        "failed": proof.reason,
    }[proof.contents]
    told = [said]
    if proof.is_moved:
        told.append(
            f"its tag points at {str(proof.tag_commit)[:12]}, and {proof.package.commit[:12]} is locked"
        )
    elif proof.tag_commit is None and proof.contents in {"same", "different", "unlocked"}:
        told.append("it has no tag any more")
    if proof.signature is not None:
        told.append(str(proof.signature))
    return told


def _tell_end(console: Console, proofs: Sequence[Proof], found: Sequence[Proof]) -> None:
    if found:
        console.line(f"\n{len(found)} of {counted(len(proofs))} not proven.")
    else:
        console.line(f"\n{counted(len(proofs))} verified." if proofs else "There are no packages.")


def _as_data(proof: Proof, *, is_bad: bool) -> dict[str, Any]:
    signature = proof.signature
    return {
        "name": str(proof.package.name),
        "version": str(proof.package.version),
        "commit": proof.package.commit,
        "contents": proof.contents,
        "tree": proof.tree,
        "lockedTree": proof.package.tree,
        "tagCommit": proof.tag_commit,
        "signature": signature
        and {
            "state": signature.state,
            "key": signature.key or None,
            "signer": signature.signer or None,
            "trusted": signature.is_trusted,
        },
        "reason": proof.reason or None,
        "finding": is_bad,
    }


COMMAND = Command(
    name="verify",
    summary="compute the locked packages again from git, and tell who signed them",
    description=(
        "Each locked commit is fetched by git, its files are made by git alone, and their digest is"
        " compared with the one that is locked; the store is not asked. The tag of the version is looked"
        " at too: whether it was moved, and whose signature it has. The exit code is 6 if files differ, 10"
        " if a tag was moved, a signature is wrong, or, with --signed, a tag lacks one that is trusted; it"
        " is 4 if a repository could not be read."
    ),
    run=run,
    arguments=arguments,
    examples=(
        ("hpm verify", "everything that is locked"),
        ("hpm verify hemlang/sprout", "this one"),
        ("hpm verify --signed --signers allowed_signers", "and the keys have to be in this file"),
    ),
)
