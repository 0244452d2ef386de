"""script: one script of package.json is settled: found fresh, restored, or run.

reads        what the task declares: files, variables, packages that it reaches; its command lines
leaves       its outputs; a record in .hpm/scripts, not in doit's state
fresh while  its outputs are those that were recorded for all that it reads as it is now
fails with   the script's own exit code
"""

#: What the names of the tasks begin with, and the name of all of them.
GROUP = "script"
