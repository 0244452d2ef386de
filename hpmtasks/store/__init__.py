"""store: what was fetched once is kept, shared by all projects, addressed by its content."""
