from __future__ import annotations

import pytest

from hpmtasks.model.specifier import parse_specifier, split_name


@pytest.mark.parametrize(
    ("spec", "name", "constraint"),
    [
        ("owner/repo", "owner/repo", None),
        ("owner/repo@^1.0.0", "owner/repo", "^1.0.0"),
        ("owner/repo@>=1.0.0 <2.0.0", "owner/repo", ">=1.0.0 <2.0.0"),
        ("owner/repo@", "owner/repo", "*"),
        (" Owner/re.po ", "Owner/re.po", None),
        ("owner/repo.git", "owner/repo.git", None),
        ("https://github.com/owner/repo", "owner/repo", None),
        ("https://github.com/owner/repo.git", "owner/repo", None),
        ("https://github.com/owner/repo/@1.2.3", "owner/repo", "1.2.3"),
        ("http://www.github.com/owner/repo", "owner/repo", None),
        ("git+https://github.com/owner/repo.git@^1", "owner/repo", "^1"),
        ("ssh://git@github.com/owner/repo.git", "owner/repo", None),
        ("git@github.com:owner/repo.git@~1.2", "owner/repo", "~1.2"),
        ("github.com/owner/repo", "owner/repo", None),
        ("github:owner/repo@1.x", "owner/repo", "1.x"),
    ],
)
def test_a_package_is_understood_as_people_type_it(spec: str, name: str, constraint: str | None) -> None:
    """Name and constraint come apart, and no constraint differs from an empty one."""
    package, found = parse_specifier(spec)
    assert (str(package), found) == (name, constraint)


@pytest.mark.parametrize(
    "spec",
    [
        *("", "repo", "@scope/name", "a/b/c", "../x", "-x/y", "./here", "/abs/path", "a/b#main", "a/b?x=1"),
        *("https://gitlab.com/a/b", "https://github.com/a", "https://github.com/a/b/tree/main", "a/b\n\n/c"),
    ],
)
def test_what_names_no_package_is_refused(spec: str) -> None:
    """Paths, options, addresses of other places and fragments are told the form."""
    with pytest.raises(ValueError, match="is not a package; the form is owner/repo or owner/repo@constraint"):
        parse_specifier(spec)


def test_a_bad_constraint_is_refused() -> None:
    """The constraint of a specifier is checked, too."""
    with pytest.raises(ValueError, match="is not a constraint"):
        parse_specifier("owner/repo@newest")


def test_a_name_is_split_in_two() -> None:
    """Owner and repository, and nothing that is not a name."""
    assert split_name("owner/repo") == ("owner", "repo")
    with pytest.raises(ValueError, match="form is owner/repo"):
        split_name("owner")
