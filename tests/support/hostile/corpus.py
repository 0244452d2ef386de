"""corpus: every hostile and odd archive, and a table of them.

``python -m tests.support.hostile.corpus`` prints the table.
"""

from __future__ import annotations

from tests.support.hostile import bombs, compression, headers, kinds, names
from tests.support.hostile.case import Case

#: By what an archive attacks with.
GROUPS: dict[str, tuple[Case, ...]] = {
    "names that lead elsewhere": names.LEADING_ELSEWHERE,
    "names that no disk takes": names.NOT_FOR_A_DISK,
    "the same place twice": names.THE_SAME_PLACE_TWICE,
    "names with a meaning of their own": names.NEVER_PART,
    "members that are no files": kinds.NOT_FILES,
    "modes": kinds.MODES,
    "symbolic links": kinds.LINKS,
    "one archive that reads as two": headers.READ_AS_TWO,
    "damage": headers.DAMAGED,
    "odd and honest": headers.ODD_AND_HONEST,
    "no archive": compression.NOT_AN_ARCHIVE,
    "gzip": compression.GZIP,
    "manifests": compression.MANIFESTS,
    "bombs": bombs.CASES,
}

CASES: tuple[Case, ...] = tuple(case for group in GROUPS.values() for case in group)

if __name__ == "__main__":
    for group, cases in GROUPS.items():
        print(f"\n## {group}\n\n| archive | has to be |\n|---|---|")
        for case in cases:
            print(f"| {case.name} | {case.outcome} |")
    print(f"\n{len(CASES)} archives")
