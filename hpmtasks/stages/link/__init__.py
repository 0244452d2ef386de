"""link: a folder of this machine stands in for a package, as copies of its files.

Somebody linked it, or it belongs to a member of the workspace that others require.

reads        the files of the linked folder that its package.json makes the package
leaves       a LinkRecord, and hem_modules/<owner>/<repo>
fresh while  the package folder holds what the linked folder holds now
fails with   InvalidManifest, StorageFailure
"""
