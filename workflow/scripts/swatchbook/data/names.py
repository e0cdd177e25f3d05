"""Names that the Snakefile asks for, too; nothing is imported for them."""

SPLITS = ("train", "validation", "test")
