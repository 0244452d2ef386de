"""task_config: ``tasks`` of package.json: what a script needs, reads and leaves.

A script is a task without any of it. An entry under ``tasks`` describes the script of
the same name; without a script of that name it may only say what it depends on::

    "scripts": {"codegen": "…", "build": "…", "serve": "…"},
    "tasks": {
      "build": {"dependsOn": ["codegen", "^build"], "inputs": ["src/**"], "outputs": ["dist/**"]},
      "serve": {"dependsOn": ["build"], "persistent": true, "readyWhen": {"port": 8080}},
      "all": {"dependsOn": ["build", "acme/docs#build"]}
    }

What each field means stands in ``docs/scripts.md``, what an editor needs to know in
``docs/package.schema.json``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from hpmtasks.dataclass import dataclass
from hpmtasks.model.fields import Field, Reader, leads_out, near
from hpmtasks.model.manifest_issues import shown

#: Runs the command line of a task that names no other shell.
DEFAULT_SHELL = "sh"
#: How long a service has to become ready if it does not say, in seconds.
READY_SECONDS = 60.0
#: Stands before what is looked for in the root of the workspace, and not in the member.
ROOT_PREFIX = "//"

_LAST_PORT = 65535
# A name of the environment; the star stands for any end of it.
_VARIABLE = re.compile(r"[^\s=*!\0]+\*?")


@dataclass(frozen=True, slots=True)
class ReadyWhen:
    """How it is seen that a service is ready; exactly one of the first three is there.

    Attributes:
        log: A regular expression that a line of its output holds.
        port: A TCP port of this machine that takes connections.
        file: A path in the member that exists.
        timeout: How long it may take, in seconds.
    """

    log: str | None = None
    port: int | None = None
    file: str | None = None
    timeout: float = READY_SECONDS


@dataclass(frozen=True, slots=True)
class TaskConfig:
    """A script, and what ``tasks`` says of it.

    Attributes:
        command: The script's line; ``None`` for a task that only stands for others.
        depends_on: As written: ``codegen``, ``^build``, ``member#task``.
        inputs: Patterns, anchored at the member, or at the workspace's root behind ``//``; ``None``:
            every file of the member but what the task leaves and what ``.gitignore`` names.
        outputs: Patterns, anchored at the member; empty: nothing is kept of the task, it is only ordered.
        env: The variables whose values count; a name may end with ``*``.
        pass_through_env: The variables that reach the script and do not count.
        cache: Whether a result may be kept, and given back.
        persistent: Whether it is a service, which runs until what needs it has ended.
        pool: Tasks of one pool share its slots.
        weight: How many slots it takes.
        timeout: In seconds; ``None``: as long as it likes.
        shell: The program that gets each command line.
        described: Whether ``tasks`` has an entry; a plain script gets the whole environment.
    """

    name: str
    command: str | None
    depends_on: tuple[str, ...] = ()
    inputs: tuple[str, ...] | None = None
    outputs: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    pass_through_env: tuple[str, ...] = ()
    cache: bool = True
    persistent: bool = False
    ready_when: ReadyWhen | None = None
    pool: str | None = None
    weight: int = 1
    timeout: float | None = None
    shell: str = DEFAULT_SHELL
    described: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether a result of the task is kept, so that it need not run for the same one again."""
        return self.cache and bool(self.outputs) and self.command is not None


def parse_tasks(scripts: Mapping[str, str], section: object) -> tuple[dict[str, TaskConfig], list[str]]:
    """A task for each of *scripts*, and for each further entry of *section*, the ``tasks`` of a package.json.

    Returns:
        The tasks, scripts first, and one sentence for each thing that is wrong.
    """
    tasks = {name: TaskConfig(name, command) for name, command in scripts.items()}
    issues: list[str] = []
    # What has another type altogether is told as the shape of the document.
    described = Field("tasks", section, issues).members() if isinstance(section, dict) else {}
    for name, field in described.items():
        read = {_ATTRIBUTES.get(key, key): value for key, value in field.record(FIELDS).items()}
        tasks[name] = TaskConfig(name, scripts.get(name), described=True, **read)
    for name, field in described.items():
        _check_relations(field, tasks[name], tasks)
    return tasks, issues


def parse_pools(section: object) -> tuple[dict[str, int], list[str]]:
    """How many slots each pool has, by *section*, the ``hpm.pools`` of a package.json; and what is wrong."""
    issues: list[str] = []
    members = Field("hpm.pools", section, issues).members() if section is not None else {}
    return {name: field.count() for name, field in members.items()}, issues


def parse_workspaces(section: object) -> tuple[tuple[str, ...], list[str]]:
    """The patterns of *section*, the ``workspaces`` of a package.json, and what is wrong with them."""
    issues: list[str] = []
    field = Field("workspaces", section, issues)
    # What is no list of texts is told as the shape of the document.
    is_list = isinstance(section, list) and all(isinstance(item, str) for item in section)
    return (_patterns(field) if is_list else ()), issues


# ---------------------------------------------------------------- the fields of a task


def _dependencies(field: Field) -> tuple[str, ...]:
    """Names of tasks: ``task``, ``^task``, ``member#task``."""
    found = field.texts()
    for text in found:
        member, mark, task = text.rpartition("#")
        if not task.removeprefix("^") or (mark and (not member or task.startswith("^"))):
            field.refuse(f': "{text}" names no task; the forms are "task", "^task" and "member#task".')
    return found


def _patterns(field: Field) -> tuple[str, ...]:
    """Patterns of paths in the member."""
    return _inside(field, "!")


def _rooted_patterns(field: Field) -> tuple[str, ...]:
    """Patterns of paths in the member, or behind ``//`` in the root."""
    return _inside(field, "!", ROOT_PREFIX)


def _inside(field: Field, *prefixes: str) -> tuple[str, ...]:
    found = field.texts()
    for pattern in found:
        path = pattern
        for prefix in prefixes:
            path = path.removeprefix(prefix)
        if leads_out(path):
            field.refuse(f': "{pattern}" must be a path inside the project, with "/" between its parts.')
    if not found:
        return found
    from hpmtasks.files.glob_syntax import MOST_PARTS, parse_globs

    try:
        # Only these can have too many alternatives or parts; every other one is right.
        parse_globs([pattern for pattern in found if "{" in pattern or len(pattern) > MOST_PARTS])
    except ValueError as error:
        field.refuse(f": {error}.")
    return found


def _variables(field: Field) -> tuple[str, ...]:
    found = field.texts()
    for name in found:
        if not _VARIABLE.fullmatch(name):
            field.refuse(f': "{name}" is not the name of a variable; only its end may be a "*".')
    return found


def _passed_variables(field: Field) -> tuple[str, ...]:
    return ("*",) if field.value == ["*"] else _variables(field)


def _shell(field: Field) -> str:
    found = field.text()
    if " " in found:
        field.refuse(f': "{found}" must be one program; what it is to be told stands in the script.')
    return found


def _readiness(field: Field) -> ReadyWhen:
    read = field.record(READY_FIELDS)
    if isinstance(field.value, dict) and len(read.keys() - {"timeout"}) != 1:
        field.refuse(' must have one of "log", "port" and "file".')
    return ReadyWhen(**read)


#: The fields of ``readyWhen``, and how each is read.
READY_FIELDS: Mapping[str, Reader] = {
    "log": Field.expression,
    "port": lambda field: field.count(_LAST_PORT),
    "file": Field.path,
    "timeout": Field.seconds,
}
#: The fields of an entry of ``tasks``, and how each is read.
FIELDS: Mapping[str, Reader] = {
    "dependsOn": _dependencies,
    "inputs": _rooted_patterns,
    "outputs": _patterns,
    "env": _variables,
    "passThroughEnv": _passed_variables,
    "cache": Field.switch,
    "persistent": Field.switch,
    "readyWhen": _readiness,
    "pool": Field.text,
    "weight": Field.count,
    "timeout": Field.seconds,
    "shell": _shell,
}
#: What a field is called where it is another name than in the file.
_ATTRIBUTES: Mapping[str, str] = {
    "dependsOn": "depends_on",
    "passThroughEnv": "pass_through_env",
    "readyWhen": "ready_when",
}


# ---------------------------------------------------------------- what has to fit together


def _check_relations(field: Field, task: TaskConfig, tasks: Mapping[str, TaskConfig]) -> None:
    """The fields of *task*, each right by itself, fit together and to the other *tasks*."""
    if not isinstance(field.value, dict):
        return
    for needed in task.depends_on:
        if "#" not in needed and not needed.startswith("^") and needed not in tasks:
            field.refuse(f'.dependsOn: package.json has no script "{needed}".{near(needed, tasks)}')
    if task.command is None:
        _check_stands_for_others(field, task, tasks)
    if task.outputs and all(pattern.startswith("!") for pattern in task.outputs):
        field.refuse('.outputs only says what they are not; name what they are, as "dist/**".')
    if field.value.get("cache") is True and not task.outputs:
        field.refuse('.cache is true, and nothing is kept of a task without outputs; name its "outputs".')
    if task.persistent:
        _check_service(field, task)
    elif task.ready_when is not None:
        field.refuse('.readyWhen is for a service; say "persistent": true, or leave it out.')


def _check_stands_for_others(field: Field, task: TaskConfig, tasks: Mapping[str, TaskConfig]) -> None:
    there_is_none = f': package.json has no script "{shown(task.name)}"'
    if field.members().keys() - {"dependsOn"}:
        scripts = [name for name, other in tasks.items() if other.command is not None]
        meant = near(task.name, scripts)
        field.refuse(f'{there_is_none}, and without one only "dependsOn" means anything.{meant}')
    elif not task.depends_on:
        field.refuse(f'{there_is_none}, and the task depends on nothing; name it in "scripts".')


def _check_service(field: Field, task: TaskConfig) -> None:
    if task.outputs:
        field.refuse(".outputs: nothing is kept of a service; leave them out, or make another task for them.")
    if task.timeout is not None:
        field.refuse('.timeout: a service ends when nothing needs it; "readyWhen" has a timeout of its own.')
