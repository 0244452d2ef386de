"""docs/package.schema.json says of a package.json what hpm says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st
from jsonschema import Draft202012Validator

from hpmtasks.model import wire
from hpmtasks.model.manifest import validate
from hpmtasks.model.task_config import FIELDS, READY_FIELDS, TaskConfig
from tests.model.test_manifest import COMPLETE, REFUSED as REFUSED_MANIFESTS
from tests.support.pages import ROOT
from tests.support.task_documents import BEYOND_A_SCHEMA, REFUSED, TAKEN, document

SCHEMA = json.loads((ROOT / "docs/package.schema.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)
TASK = SCHEMA["$defs"]["task"]["properties"]
#: What takes the knowledge of a program: other fields, constraints, names that differ by case only.
_BEYOND = (*BEYOND_A_SCHEMA, "is not a constraint", "are the same package")


def is_valid(fields: Any) -> bool:
    """Whether the schema takes *fields*."""
    return bool(VALIDATOR.is_valid(fields))


def is_for_a_schema(sentence: str) -> bool:
    """Whether what *sentence* tells can be seen in one field alone."""
    return not any(words in sentence for words in _BEYOND)


def test_the_schema_is_one() -> None:
    """As its own schema says."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("fields", [document(each) for each in TAKEN] + [COMPLETE], ids=str)
def test_what_hpm_takes_is_valid(fields: dict[str, Any]) -> None:
    """No editor underlines what is right."""
    assert [error.message for error in VALIDATOR.iter_errors(fields)] == []


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [(document(fields), sentence) for fields, sentence in REFUSED] + REFUSED_MANIFESTS,
    ids=lambda value: None if isinstance(value, dict) else value[:60],
)
def test_what_hpm_refuses_is_not(fields: dict[str, Any], sentence: str) -> None:
    """Unless it takes more than a look at one field."""
    assert is_valid(fields) is not is_for_a_schema(sentence)


#: Values of which some are right for some fields.
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([None, True, False, 0, 1, 2.5, 70000, {}, [], [1], ["a\nb"]]),
    st.sampled_from(["", "a", "^a", "build", "x#y", "#", "../x", "//x", "!/x", "A*", "*", "a b"]),
    st.lists(st.sampled_from(["a", "build", "^x", "*", "B*", "!x", "../x", "//x", "!!x", "!../x", "x#y"])),
    st.dictionaries(
        st.sampled_from([*READY_FIELDS, "prot"]), st.sampled_from([None, 0, 1, 65535, "x", "/x"]), max_size=3
    ),
)
TASKS = st.dictionaries(st.sampled_from([*FIELDS, "outpust"]), VALUES, max_size=4)


@given(st.dictionaries(st.sampled_from(["build", "serve"]), TASKS | VALUES, max_size=2))
@settings(max_examples=500, deadline=None)
def test_any_tasks_are_judged_alike(tasks: dict[str, Any]) -> None:
    """Whatever stands under tasks, the schema refuses it if hpm does, and only then."""
    issues = validate(document({"tasks": tasks}))
    if not issues or any(map(is_for_a_schema, issues)):
        assert is_valid(document({"tasks": tasks})) is not bool(issues), issues


def test_every_field_is_there_and_described() -> None:
    """Those of package.json and of a task, no others, each with a sentence for the editor."""
    documented = {field.alias or name for name, field in wire.PackageJson.model_fields.items()}
    assert SCHEMA["properties"].keys() == documented
    assert TASK.keys() == FIELDS.keys()
    assert TASK["readyWhen"]["properties"].keys() == READY_FIELDS.keys()
    for field in (SCHEMA["properties"], TASK, TASK["readyWhen"]["properties"]):
        assert [name for name, each in field.items() if not each.get("description", "").endswith(".")] == []


def test_defaults_are_those_of_hpm() -> None:
    """What an editor shows as the default is what a task without the field has."""
    plain = TaskConfig("x", "x")
    defaults = {name: each["default"] for name, each in TASK.items() if "default" in each}
    assert defaults == {
        "cache": plain.cache,
        "persistent": plain.persistent,
        "weight": plain.weight,
        "shell": plain.shell,
    }


@pytest.mark.parametrize("field", [*FIELDS, *READY_FIELDS])
def test_field_of_a_task_is_documented(field: str) -> None:
    """Each has its row in docs/scripts.md, or stands in that of readyWhen."""
    page = (ROOT / "docs/scripts.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert any(line.startswith(f"| `{field}` |") for line in rows) or any(
        line.startswith("| `readyWhen` |") and f"`{field}`" in line for line in rows
    )


def test_the_pages_lead_to_the_schema() -> None:
    """Who looks up package.json finds it."""
    for page in ("manifest.md", "scripts.md"):
        assert "(package.schema.json)" in (ROOT / "docs" / page).read_text(encoding="utf-8")
