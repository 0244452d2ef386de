"""script: one script of package.json has been run, with what surrounds it.

reads        the ``scripts`` of the project's own package.json
leaves       a ScriptRecord, and whatever the script makes
fresh while  never: nobody knows yet what a script reads and leaves
fails with   the script's own exit code
"""
