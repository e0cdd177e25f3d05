"""Swatchbook's library: how each stage of the workflow is done, in plain Python.

It does not know Snakemake; the entry points beside this package do. Every public function takes
plain values and paths, returns plain values, and can be called from a notebook.
"""

import gc

# Jobs make hundreds of thousands of objects that stay, most of them by imports. Python would look
# through them for garbage again and again; if it does so rarely, a job starts a sixth sooner.
gc.set_threshold(100_000)
