"""What must be right before the first job: the configuration, and that nobody else works here.

Reads ``config/``, the list of processes and a cluster's queue. Writes nothing.

May import: any room, since the configuration says what all of them may be asked for.
"""

from swatchbook import lazy

# Imported when first used: a job waits for no library that it does not need.
__getattr__, __dir__, __all__ = lazy.attach(
    __name__,
    submod_attrs={
        "config_files": ["read"],
        "configuration": ["checked_config", "load_dataset"],
    },
)
