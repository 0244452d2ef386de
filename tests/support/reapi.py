"""reapi: the messages of the Remote Execution API, version 2, for the real protobuf.

Their field numbers are those of ``build/bazel/remote/execution/v2/remote_execution.proto``. The
classes are made here, from a table, so that nobody needs a protoc.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_PACKAGE = "hpm.tests.reapi"
_SCALARS = {"string": 9, "bytes": 12, "bool": 8, "int32": 5, "int64": 3}
_MESSAGE, _OPTIONAL, _REPEATED = 11, 1, 3

# A field: its name, its number, its type; "*" before the type of a list.
_MESSAGES: dict[str, tuple[tuple[str, int, str], ...]] = {
    "Digest": (("hash", 1, "string"), ("size_bytes", 2, "int64")),
    "Duration": (("seconds", 1, "int64"), ("nanos", 2, "int32")),
    "Timestamp": (("seconds", 1, "int64"), ("nanos", 2, "int32")),
    "Any": (("type_url", 1, "string"), ("value", 2, "bytes")),
    "Property": (("name", 1, "string"), ("value", 2, "string")),
    "Platform": (("properties", 1, "*Property"),),
    "EnvironmentVariable": (("name", 1, "string"), ("value", 2, "string")),
    "Command": (
        ("arguments", 1, "*string"),
        ("environment_variables", 2, "*EnvironmentVariable"),
        ("platform", 5, "Platform"),
        ("working_directory", 6, "string"),
        ("output_paths", 7, "*string"),
    ),
    "Action": (
        ("command_digest", 1, "Digest"),
        ("input_root_digest", 2, "Digest"),
        ("timeout", 6, "Duration"),
        ("do_not_cache", 7, "bool"),
        ("salt", 9, "bytes"),
        ("platform", 10, "Platform"),
    ),
    "FileNode": (("name", 1, "string"), ("digest", 2, "Digest"), ("is_executable", 4, "bool")),
    "DirectoryNode": (("name", 1, "string"), ("digest", 2, "Digest")),
    "SymlinkNode": (("name", 1, "string"), ("target", 2, "string")),
    "Directory": (
        ("files", 1, "*FileNode"),
        ("directories", 2, "*DirectoryNode"),
        ("symlinks", 3, "*SymlinkNode"),
    ),
    "Tree": (("root", 1, "Directory"), ("children", 2, "*Directory")),
    "OutputFile": (
        ("path", 1, "string"),
        ("digest", 2, "Digest"),
        ("is_executable", 4, "bool"),
        ("contents", 5, "bytes"),
    ),
    "OutputDirectory": (("path", 1, "string"), ("tree_digest", 3, "Digest")),
    "OutputSymlink": (("path", 1, "string"), ("target", 2, "string")),
    "ExecutedActionMetadata": (
        ("worker", 1, "string"),
        ("execution_start_timestamp", 7, "Timestamp"),
        ("execution_completed_timestamp", 8, "Timestamp"),
        ("auxiliary_metadata", 11, "*Any"),
        ("virtual_execution_duration", 12, "Duration"),
    ),
    "ActionResult": (
        ("output_files", 2, "*OutputFile"),
        ("output_directories", 3, "*OutputDirectory"),
        ("exit_code", 4, "int32"),
        ("stdout_raw", 5, "bytes"),
        ("stdout_digest", 6, "Digest"),
        ("stderr_raw", 7, "bytes"),
        ("stderr_digest", 8, "Digest"),
        ("execution_metadata", 9, "ExecutedActionMetadata"),
        ("output_symlinks", 12, "*OutputSymlink"),
    ),
}


@cache
def message_class(name: str) -> Any:
    """The class that the real protobuf has for the REAPI message *name*."""
    return message_factory.GetMessageClass(_pool().FindMessageTypeByName(f"{_PACKAGE}.{name}"))


def canonical(message: Any) -> bytes:
    """*message* as the real protobuf writes it."""
    return bytes(message.SerializeToString(deterministic=True))


@cache
def _pool() -> descriptor_pool.DescriptorPool:
    file = descriptor_pb2.FileDescriptorProto(name="reapi.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            made = message.field.add(name=field, number=number)
            plain = kind.removeprefix("*")
            made.label = _REPEATED if kind != plain else _OPTIONAL  # type: ignore[assignment]  # an enum
            if plain in _SCALARS:
                made.type = _SCALARS[plain]  # type: ignore[assignment]
            else:
                made.type = _MESSAGE  # type: ignore[assignment]
                made.type_name = f".{_PACKAGE}.{plain}"
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return pool
