"""resolver: which version of each package is installed, and if none can be, why.

A library that knows nothing of networks, files or tasks: it asks the world through
:class:`~hpmtasks.resolver.catalogue.Catalogue`. How it works: docs/resolution.md.
"""
