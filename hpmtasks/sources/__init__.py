"""sources: the places that packages come from: GitHub, any git server, a directory."""
