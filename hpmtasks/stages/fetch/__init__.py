"""fetch: which versions does a package have?

reads        the package's source
leaves       a TagsRecord
fresh while  the lock satisfies every requirement on the package, or this run has read its tags
fails with   PackageNotFound, NetworkFailure, RateLimited, NotOffline
"""
