"""supply: what is known of the packages that are locked: advisories, licenses, signatures, and lists of them.

Everything here works from package-lock.json, and fetches only what a question needs.
"""
