"""advisories: what is known to be wrong with which versions, in the form of https://ossf.github.io/osv-schema/."""
