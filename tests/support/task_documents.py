"""task_documents: package.json files with tasks, right and wrong, for whoever reads or checks them."""

from __future__ import annotations

from typing import Any

_FIELDS = (
    "dependsOn, inputs, outputs, env, passThroughEnv, cache, persistent, readyWhen,"
    " pool, weight, timeout, shell"
)
_NO_TASK = 'names no task; the forms are "task", "^task" and "member#task".'
_NO_SCRIPT = 'and without one only "dependsOn" means anything.'
_NO_EXPRESSION = "is not a regular expression: missing ), unterminated subpattern at position 0."
_OUT = 'must be a path inside the project, with "/" between its parts.'


def document(fields: dict[str, Any]) -> dict[str, Any]:
    """A package.json with *fields*; if it has no scripts, with two of them."""
    return {"name": "acme/app", "version": "1.0.0", "scripts": {"build": "x", "serve": "y"}, **fields}


def _build(**task: Any) -> dict[str, Any]:
    return {"tasks": {"build": task}}


def _serve(**task: Any) -> dict[str, Any]:
    return {"tasks": {"serve": {"persistent": True, **task}}}


#: Fields that are right.
TAKEN: tuple[dict[str, Any], ...] = (
    {},
    {"tasks": None},
    {"tasks": {"build": None, "gone": None}},
    {"tasks": {"all": {"dependsOn": ["build", "^build", "acme/x#build", "./packages/x#y"]}}},
    _build(dependsOn=["serve"]),
    _build(dependsOn=[], inputs=[], outputs=[], env=[], passThroughEnv=[]),
    _build(
        **dict.fromkeys(("dependsOn", "inputs", "outputs", "env", "cache", "readyWhen", "shell", "timeout"))
    ),
    _build(
        inputs=["src", "./src/", "!**/*.{a,b}", "[x-z]?", "//x", "!//x/**", "a b", "ä", "..x", "a..", ".env"]
    ),
    _build(outputs=["dist/**", "!dist/.cache"]),
    _build(env=["A", "a_*", "ProgramFiles(x86)"], passThroughEnv=["*"]),
    _build(pool="a b", weight=7, timeout=0.5, shell="/bin/bash"),  # noqa: S604  a field
    _serve(),
    _serve(readyWhen={"port": 65535, "log": None}, cache=False, outputs=[]),
    _serve(readyWhen={"file": "run/ready", "timeout": 3}),
    _serve(readyWhen={"log": r"listening on \d+"}, timeout=None),
    {"workspaces": []},
    {"workspaces": ["packages/*", "!packages/old", "tools"]},
    {"hpm": {"pools": {"x": 1, "y": None}}},
    {"scripts": {"a#b": "x", "^": ""}, "tasks": {"a#b": {}, "^": {}}},
)

#: Fields that are wrong, each in one way, and the sentence that says so.
REFUSED: tuple[tuple[dict[str, Any], str], ...] = (
    ({"tasks": []}, "tasks must be an object, not a list."),
    ({"tasks": {"build": "x"}}, "tasks.build must be an object, not a string."),
    (_build(dependson=["serve"]), 'tasks.build: there is no field "dependson". Did you mean "dependsOn"?'),
    (
        _build(xyz=1),
        f'tasks.build: there is no field "xyz". The fields are {_FIELDS}.',
    ),
    (_build(dependsOn="serve"), "tasks.build.dependsOn must be a list, not a string."),
    (_build(dependsOn=[1]), "tasks.build.dependsOn[0] must be a string, not a number."),
    (_build(dependsOn=[""]), "tasks.build.dependsOn[0] is empty."),
    *(
        (
            _build(dependsOn=[name]),
            f'tasks.build.dependsOn: "{name}" {_NO_TASK}',
        )
        for name in ("^", "acme/x#", "#build", "acme/x#^build")
    ),
    (
        _build(dependsOn=["sevre"]),
        'tasks.build.dependsOn: package.json has no script "sevre". Did you mean "serve"?',
    ),
    (_build(inputs=["src", 3]), "tasks.build.inputs[1] must be a string, not a number."),
    (_build(inputs=["a\nb"]), "tasks.build.inputs[0]: 'a\\nb' holds a control character."),
    *(
        (_build(inputs=[path]), f'tasks.build.inputs: "{path}" {_OUT}')
        for path in (
            "../x",
            "a/../b",
            "..",
            "!../x",
            "/x",
            "///x",
            "//../x",
            "C:/x",
            "a\\b",
            "!",
            "//",
        )
    ),
    *((_build(outputs=[path]), f'tasks.build.outputs: "{path}" {_OUT}') for path in ("//x", "../x", "/x")),
    (
        _build(inputs=["{a,b}" * 13]),
        f'tasks.build.inputs: "{"{a,b}" * 13}" has more than 4096 alternatives.',
    ),
    (
        _build(outputs=["!dist"]),
        'tasks.build.outputs only says what they are not; name what they are, as "dist/**".',
    ),
    *(
        (
            _build(env=[name]),
            f'tasks.build.env: "{name}" is not the name of a variable; only its end may be a "*".',
        )
        for name in ("A=1", "*", "A*B", "A B", "!A")
    ),
    (
        _build(passThroughEnv=["*", "A"]),
        'tasks.build.passThroughEnv: "*" is not the name of a variable; only its end may be a "*".',
    ),
    (_build(cache="yes"), "tasks.build.cache must be true or false, not a string."),
    (_build(cache=0), "tasks.build.cache must be true or false, not a number."),
    (
        _build(cache=True),
        'tasks.build.cache is true, and nothing is kept of a task without outputs; name its "outputs".',
    ),
    (_build(pool=1), "tasks.build.pool must be a string, not a number."),
    (_build(pool=""), "tasks.build.pool is empty."),
    (_build(weight=0), "tasks.build.weight must be 1 or more, not 0."),
    (_build(weight=1.5), "tasks.build.weight must be a whole number, not a number."),
    (_build(weight=True), "tasks.build.weight must be a whole number, not true or false."),
    (_build(timeout=0), "tasks.build.timeout must be more than 0 seconds, not 0."),
    (_build(timeout="1m"), "tasks.build.timeout must be a number of seconds, not a string."),
    (
        _build(shell="bash -e"),  # noqa: S604  a field
        'tasks.build.shell: "bash -e" must be one program; what it is to be told stands in the script.',
    ),
    (
        _build(readyWhen={"port": 1}),
        'tasks.build.readyWhen is for a service; say "persistent": true, or leave it out.',
    ),
    (_serve(readyWhen="up"), "tasks.serve.readyWhen must be an object, not a string."),
    (_serve(readyWhen={}), 'tasks.serve.readyWhen must have one of "log", "port" and "file".'),
    (
        _serve(readyWhen={"port": 1, "file": "x"}),
        'tasks.serve.readyWhen must have one of "log", "port" and "file".',
    ),
    (_serve(readyWhen={"port": 65536}), "tasks.serve.readyWhen.port must be 65535 or less, not 65536."),
    (
        _serve(readyWhen={"log": "("}),
        f'tasks.serve.readyWhen.log: "(" {_NO_EXPRESSION}',
    ),
    (_serve(readyWhen={"file": "../x"}), f'tasks.serve.readyWhen.file: "../x" {_OUT}'),
    (
        _serve(readyWhen={"port": 1, "time": 3}),
        'tasks.serve.readyWhen: there is no field "time". Did you mean "timeout"?',
    ),
    (
        _serve(outputs=["dist"]),
        "tasks.serve.outputs: nothing is kept of a service; leave them out, or make another task for them.",
    ),
    (
        _serve(timeout=3),
        'tasks.serve.timeout: a service ends when nothing needs it; "readyWhen" has a timeout of its own.',
    ),
    (
        {"tasks": {"biuld": {"outputs": ["dist"]}}},
        f'tasks.biuld: package.json has no script "biuld", {_NO_SCRIPT} Did you mean "build"?',
    ),
    (
        {"tasks": {"all": {}}},
        'tasks.all: package.json has no script "all", and the task depends on nothing; name it in "scripts".',
    ),
    ({"workspaces": "packages/*"}, "workspaces must be a list, not a string."),
    ({"workspaces": ["a", 1]}, "workspaces[1] must be a string, not a number."),
    ({"workspaces": [""]}, "workspaces[0] is empty."),
    ({"workspaces": ["../x"]}, f'workspaces: "../x" {_OUT}'),
    ({"hpm": {"pools": [1]}}, "hpm.pools must be an object, not a list."),
    ({"hpm": {"pools": {"x": 0}}}, "hpm.pools.x must be 1 or more, not 0."),
)

#: What only a program can see: the schema, which looks at one field at a time, takes these.
BEYOND_A_SCHEMA = ("no script", "4096 alternatives", "unterminated")
