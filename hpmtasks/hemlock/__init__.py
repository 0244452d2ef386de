"""hemlock: what hpm knows of the language: its tokens, its modules, how it finds packages.

Observed of Hemlock 1.6.7, and compared with it by the tests wherever there is one.
"""
