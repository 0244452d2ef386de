"""download: the archive of one resolved package is in the store.

reads        the resolution, the store, the package's source
leaves       a DownloadRecord
fresh while  the package is installed, or the store holds its archive or its tree
fails with   NetworkFailure, NotOffline, PackageNotFound, RateLimited, UnsafeArchive
"""
