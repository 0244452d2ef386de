"""bundle: a program and every module that it reaches, as one source.

The interpreter's own bundler puts all modules into one scope, under their own names, and drops what
is imported with ``../``, as a namespace or through a re-export. Here names that would meet are
given others first, and what one module takes from another becomes the other's name.
"""
