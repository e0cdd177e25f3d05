"""Remove the lock that a killed run has left in a folder; `make demo` begins with it.

    python workflow/scripts/unlock.py FOLDER

No rule's entry point.
"""

import sys

from swatchbook.startup.locks import unlock_if_abandoned

unlock_if_abandoned(sys.argv[1])
