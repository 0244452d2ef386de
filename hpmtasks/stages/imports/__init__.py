"""imports: what is installed is found by the interpreter that is installed.

reads        the Hemlock sources of the project and of its packages, and what their imports lead to
leaves       an ImportsRecord, and a hem_modules with shims beside each source that needs one
fresh while  the sources, the packages that they import, and the shims are as they were
fails with   StorageFailure
"""
