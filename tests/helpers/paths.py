"""Where the parts of the project are that tests run or read."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "workflow" / "scripts"
LIBRARY = SCRIPTS / "swatchbook"
PUBLISHED = ROOT / "workflow" / "published"
