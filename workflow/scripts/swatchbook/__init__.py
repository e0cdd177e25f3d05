"""Swatchbook's library: how each stage of the workflow is done, in plain Python.

It does not know Snakemake; the entry points beside this package do. Every public function takes
plain values and paths, returns plain values, and can be called from a notebook.
"""
