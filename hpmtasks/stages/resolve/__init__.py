"""resolve: which version of each package?

reads        package.json, package-lock.json, the sources' tags and package.json files
leaves       .hpm/resolution.json
fresh while  everything that the answer depends on has the fingerprint it had
fails with   RequirementsConflict, PackageNotFound, NoSuchVersion, CircularDependency, OutOfDate
"""
