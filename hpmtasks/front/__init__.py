"""front: the first two answers, given before anything is imported.

``stamp`` says that there is nothing to do; ``plan`` links a whole installation from the store
that was made before.

What a shell asks for between two keys is answered here too, by ``completion``.

Beside the floors, not on one of them: nothing here imports the rest of hpm, and
only modules that are part of the interpreter itself. Both read what a finished run
left behind; anything that they do not recognise is the graph's business.
"""

import sys

#: How many more objects are made than freed before the next look for garbage.
_FEW_GARBAGE_HUNTS = 100_000


def main() -> int:
    """Run ``hpm``: by the stamp or by a plan if one of them can answer, else by the command line."""
    if sys.argv[1:3] == ["completion", "--complete"]:
        from hpmtasks.front.completion import answer as complete

        return complete(sys.argv[3:])
    from hpmtasks.front.stamp import answer

    said = answer(sys.argv[1:])
    if said is None:
        from hpmtasks.front.plan import answer as restore

        said = restore(sys.argv[1:])
    if said is not None:
        print(said)
        return 0
    import gc

    # What is read and laid out lives until the end, and looking for garbage among it again and
    # again is a sixth of what hpm does; but what runs for hours must not grow.
    gc.set_threshold(_FEW_GARBAGE_HUNTS)
    from hpmtasks.cli import main as run

    return run()
