"""verify: are these the contents that the lock promised?

reads        the archive in the store
leaves       a VerifyRecord, and the unpacked tree in the store under its own digest
fresh while  the package is installed, or the store holds the tree that was found for its commit
fails with   IntegrityMismatch, UnsafeArchive
"""
