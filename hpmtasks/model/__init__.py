"""model: the nouns: package names, manifests, lockfiles, resolutions. No network, no doit."""
