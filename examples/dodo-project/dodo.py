"""An existing repository's own tasks, and hpm's beside them: two lines made ``install`` a task."""

from hpmtasks.dodo import hpm_config, task_hpm  # noqa: F401  doit finds task_hpm by its name

DOIT_CONFIG = hpm_config(default_tasks=["bundle"], verbosity=2)

PACKAGE = "hem_modules/acme/greet/src/index.hml"


def task_banner():
    """A task that has nothing to do with packages."""
    return {
        "actions": ["echo '# hello, bundled' > banner.txt"],
        "targets": ["banner.txt"],
        "uptodate": [True],
    }


def task_bundle():
    """A task that needs an installed package: it runs after `install`, and when the lock changed."""
    return {
        "actions": [f"cat banner.txt {PACKAGE} src/main.hml > bundle.txt && wc -l < bundle.txt"],
        "task_dep": ["install"],
        "file_dep": ["banner.txt", "src/main.hml", "package-lock.json"],
        "targets": ["bundle.txt"],
        "clean": True,
    }
