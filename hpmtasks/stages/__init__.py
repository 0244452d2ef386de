"""stages: the rooms of an installation, in the order of the graph.

Each is furnished alike: ``record`` is what it leaves, ``action`` how it works (no
doit), ``tasks`` when it works (the only file that knows doit). A room may look
back at an earlier one, never ahead.
"""
