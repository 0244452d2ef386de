"""The beginning of hpm.pyz: unpack it once into the user's folder, and go on from there.

Compiled modules cannot be loaded out of a zip, and the rest is faster outside of it. Any Python 3 must
be able to parse this file, to be told what it lacks.
"""

import os
import sys

#: Filled in by build.py: the digest of everything in the file, the Pythons that it holds compiled
#: modules for, and the kind of machine.
DIGEST = "@DIGEST@"
PYTHONS = "@PYTHONS@"
PLATFORM = "@PLATFORM@"


def stop(sentence):
    """End with *sentence* on stderr."""
    sys.stderr.write("hpm: " + sentence + "\n")
    sys.exit(1)


def main():
    """Run hpm; the result is its exit code."""
    tag = "cp%d%d" % sys.version_info[:2]
    home = os.environ.get("HPM_HOME") or os.path.join(os.path.expanduser("~"), ".hpm")
    folder = os.path.join(home, "standalone", DIGEST[:32] + "-" + tag)
    if not os.path.isdir(folder):
        check(tag)
        make(os.path.dirname(os.path.abspath(__file__)), tag, folder)
    sys.path[0] = folder  # in the place of the zip
    from hpmtasks.front import main as run

    return run()


def platform():
    """The kind of machine, as far as compiled modules care."""
    if hasattr(os, "uname"):
        return sys.platform + "-" + os.uname()[4]
    import sysconfig

    return sysconfig.get_platform()


def check(tag):
    """Stop if there is nothing in the file for this Python or this machine."""
    if tag not in PYTHONS.split() or platform() != PLATFORM:
        pythons = ", ".join(each[2] + "." + each[3:] for each in PYTHONS.split())
        stop(
            "this file is for Python %s on %s, and this is Python %d.%d on %s."
            " Install hpm with pipx or uv instead."
            % (pythons, PLATFORM, sys.version_info[0], sys.version_info[1], platform())
        )


def make(archive, tag, folder):
    """*folder* has everything out of *archive*; nobody ever sees a part of it under that name."""
    import shutil
    import tempfile

    growing = None
    try:
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        growing = tempfile.mkdtemp(prefix=".tmp-", dir=os.path.dirname(folder))
        unpack(archive, tag, growing)
        os.rename(growing, folder)
    except OSError as error:
        if growing is not None:
            shutil.rmtree(growing, ignore_errors=True)
        if not os.path.isdir(folder):  # else another one was faster, with the same contents
            stop(
                "cannot unpack into %s: %s. Set HPM_HOME to a folder that can be written."
                % (os.path.dirname(folder), error.strerror)
            )


def unpack(archive, tag, folder):
    """Write what is for all Pythons, and what is for this one, into *folder*."""
    import zipfile

    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            part, _, path = name.partition("/")
            if part in ("common", tag) and path:
                place = os.path.join(folder, *path.split("/"))
                os.makedirs(os.path.dirname(place), exist_ok=True)
                with open(place, "wb") as file:
                    file.write(opened.read(name))


if __name__ == "__main__":
    sys.exit(main())
