"""extract: hem_modules holds the packages, whole, and no others that hpm once put there.

reads        the verified tree in the store, the patch that package.json names for it
leaves       an ExtractRecord, and hem_modules/<owner>/<repo>
fresh while  the folder is the one that was recorded, or holds the same contents
fails with   StorageFailure, InvalidPatch
"""
