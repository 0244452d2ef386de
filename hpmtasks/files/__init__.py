"""files: writing that is never half done, knowing what changed, and one at a time."""
