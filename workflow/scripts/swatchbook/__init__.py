"""Swatchbook's library: how each stage of the workflow is done, in plain Python.

It does not know Snakemake; the entry points beside this package do. Every public function takes
plain values and paths, returns plain values, and can be called from a notebook.

Importing it makes this process look for garbage rarely. It is done here, not where a job starts,
since it is to hold for the imports that come before.
"""

import atexit
import gc

# Jobs make hundreds of thousands of objects that stay, most of them by imports. Python would look
# through them for garbage again and again; if it does so rarely, a job starts a sixth sooner.
gc.set_threshold(100_000)

# At its end Python looks for garbage once more, which takes a second where TensorFlow was used.
# Nothing waits for that: files are closed and temporary folders removed before.
atexit.register(gc.freeze)
