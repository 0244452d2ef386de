"""results: what scripts have made before, kept by what they were made from.

The model is that of the Remote Execution API, version 2: an *action* (a command and everything it may
read) has a digest; its *result* (what it left and what it printed) is stored under that digest; contents
are *blobs*, stored under digests of their own. A blob proves itself, a result has to be trusted.
"""
