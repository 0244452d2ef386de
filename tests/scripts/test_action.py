"""Actions are what the Remote Execution API says they are, byte for byte as protobuf writes them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from hypothesis import given, settings, strategies as st

from hpmtasks.scripts.action import Command, Message, encode_action, encode_platform, package_folder, root_of
from hpmtasks.scripts.digests import FileDigest
from hpmtasks.store.results.digest import Digest
from hpmtasks.store.tree import scan_folder
from tests.support.reapi import canonical, message_class

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAMES = TEXTS.filter(lambda text: text not in ("", ".", "..") and "/" not in text and "\0" not in text)
CONTENTS = st.binary(max_size=40)
FILES = st.builds(
    lambda content, executable: FileDigest(hashlib.sha256(content).hexdigest(), len(content), executable),
    CONTENTS,
    st.booleans(),
)
LINKS = st.builds(lambda target: FileDigest("", 0, target=target), TEXTS.filter(bool))
#: Folders within folders, as dictionaries.
TREES = st.recursive(
    FILES | LINKS, lambda inner: st.dictionaries(NAMES, inner, min_size=1, max_size=4), max_leaves=12
).filter(lambda tree: isinstance(tree, dict))


def real(kind: str, /, **fields: Any) -> Any:
    """The REAPI message *kind* as the real protobuf makes it."""
    return message_class(kind)(**fields)


def real_digest(digest: Digest) -> Any:
    """*digest* as a message."""
    return real("Digest", hash=digest.hash, size_bytes=digest.size)


def real_folder(tree: dict[str, Any], made: list[bytes]) -> Digest:
    """The digest of *tree*; the bytes of its folders go to *made*, each after those in it."""
    folder = real("Directory")
    for name, each in sorted(tree.items()):
        if isinstance(each, dict):
            folder.directories.append(
                real("DirectoryNode", name=name, digest=real_digest(real_folder(each, made)))
            )
        elif each.target is not None:
            folder.symlinks.append(real("SymlinkNode", name=name, target=each.target))
        else:
            digest = real_digest(Digest(each.hash, each.size))
            folder.files.append(real("FileNode", name=name, digest=digest, is_executable=each.executable))
    made.append(canonical(folder))
    return Digest.of(made[-1])


def flat(tree: dict[str, Any], prefix: str = "") -> dict[str, FileDigest]:
    """The files and links of *tree* by path."""
    found: dict[str, FileDigest] = {}
    for name, each in tree.items():
        found |= flat(each, f"{prefix}{name}/") if isinstance(each, dict) else {prefix + name: each}
    return found


@given(TREES)
@settings(max_examples=150, deadline=None)
def test_folders_are_those_of_protobuf(tree: dict[str, Any]) -> None:
    """Every folder, sorted and canonical, and the digest of the root."""
    expected: list[bytes] = []
    root = real_folder(tree, expected)
    made = list(root_of(flat(tree), {}))
    assert sorted(each.content for each in made) == sorted(expected)
    assert made[-1].digest == root
    assert all(each.digest == Digest.of(each.content) for each in made)


@given(
    arguments=st.lists(TEXTS, max_size=4),
    environ=st.dictionaries(TEXTS, TEXTS, max_size=4),
    outputs=st.lists(TEXTS, max_size=4),
    folder=TEXTS,
    platform=st.dictionaries(TEXTS, TEXTS, max_size=3),
    salt=CONTENTS,
)
@settings(deadline=None)
def test_commands_and_actions_are_those_of_protobuf(
    *,
    arguments: list[str],
    environ: dict[str, str],
    outputs: list[str],
    folder: str,
    platform: dict[str, str],
    salt: bytes,
) -> None:
    """Words in their order; variables, outputs and properties sorted, outputs each once."""
    properties = [real("Property", name=name, value=value) for name, value in sorted(platform.items())]
    real_platform = real("Platform", properties=properties)
    expected = real(
        "Command",
        arguments=arguments,
        environment_variables=[
            real("EnvironmentVariable", name=name, value=value) for name, value in sorted(environ.items())
        ],
        platform=real_platform,
        working_directory=folder,
        output_paths=sorted(set(outputs)),
    )
    encoded = encode_platform(platform)
    command = Message.of(Command(tuple(arguments), environ, tuple(outputs), folder).encode(encoded))
    assert command.content == canonical(expected)
    action = real(
        "Action",
        command_digest=real_digest(command.digest),
        input_root_digest=real_digest(Digest.of(b"")),
        salt=salt,
        platform=real_platform,
    )
    assert encode_action(command.digest, Digest.of(b""), salt, encoded) == canonical(action)


def test_a_package_is_one_folder_of_the_root(tmp_path: Path) -> None:
    """Known by its digest, a package makes the same root as all of its files would."""
    for path in ("package.json", "src/index.hml", "src/deep/x.hml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(path)
    (tmp_path / "src/index.hml").chmod(0o755)
    files = scan_folder(tmp_path)
    spelled = {
        f"hem_modules/acme/json/{file.path}": FileDigest(file.sha256, file.size, file.executable)
        for file in files
    }
    *_, whole = root_of(spelled, {})
    *_, short = root_of({}, {"hem_modules/acme/json": package_folder(files)})
    assert whole == short


def test_a_folder_may_be_there_without_files() -> None:
    """The folder that a command runs in, for example."""
    *_, root = root_of({}, {}, empty=["packages/app", ""])
    assert root.digest == real_folder({"packages": {"app": {}}}, [])


def test_a_deep_folder_is_a_folder() -> None:
    """Three thousand folders within each other."""
    assert len(list(root_of({"a/" * 3000 + "x": FileDigest("0" * 64, 0)}, {}))) == 3001
