"""scenarios: what installations are measured doing, with the words for it."""

from __future__ import annotations

#: Each scenario, and what it is called for readers, in the order of the tables.
TITLES = {
    "noop": "nothing to do",
    "front": "nothing to do, by the compiled front",
    "graph": "nothing to do, asked of the graph",
    "warm": "everything stored, tree deleted",
    "clone": "fresh clone, everything stored",
    "locked": "nothing stored, with a lock",
    "cold": "nothing stored, no lock",
    "changed": "one package of the lock changed",
    "add": "one package added",
}
#: The order in which they are run: each leaves what the next one begins with.
ORDER = ("cold", "locked", "warm", "clone", "noop", "front", "graph", "changed", "add")
#: How often a scenario is run in a turn, where it is cheap and changes nothing; else once.
REPEATS = {"noop": 3, "front": 3, "graph": 2}

#: The column of what a machine needs at least, by the simplest program for it.
LIMIT = "limit"
#: What stands in that column.
LIMITS = {
    "noop": "`python3 -I -S -c pass`",
    "warm": "`cp -al` of the tree",
    "locked": "`tar -xz` of each archive, two at a time",
}

#: Sizes by name, in packages.
PACKAGES = {"small": 20, "medium": 100, "large": 500}
