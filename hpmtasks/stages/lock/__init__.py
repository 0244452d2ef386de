"""lock: package-lock.json says what was installed, and package.json what was asked for.

reads        the resolution, the verify records
leaves       package-lock.json, and package.json if the run came with a new one
fresh while  the lock's bytes are those that the resolution would write
fails with   StorageFailure
"""
