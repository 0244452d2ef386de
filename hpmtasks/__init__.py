"""hpm: Hemlock packages, installed by an incremental task graph.

::

    package.json ─┐
                  ▼
     fetch tags ─► resolve ─► download ─► verify ─► extract ─► write lock
        ▲            │  ▲         (one of each per package)
        └────────────┘  └ package-lock.json (prefers what is locked)

Read ``pipeline`` next: it is the whole graph on one page.
"""

__version__ = "0.1.0"
