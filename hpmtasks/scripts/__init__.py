"""scripts: the scripts of package.json as tasks: what they read, what they leave, when they run.

Nothing here knows doit; ``stages.script`` lays what this floor does into the graph.
"""
