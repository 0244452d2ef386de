"""semver: versions, sets of versions, and the constraints that people write. Imports nothing of ours."""
