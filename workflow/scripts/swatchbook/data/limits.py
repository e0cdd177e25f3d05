"""How much the files of a data set may ask for, whoever packed them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from swatchbook.errors import DataError, first_ten

FLOAT_BYTES = 4
SHARD_BYTES = 512 * 1024**2  # of images in a shard, where the number of shards is proposed


@dataclass(frozen=True)
class Limits:
    """The key ``limits`` of a data set's file; the schema has the same defaults.

    Attributes
    ----------
    members
        Files and folders in an archive.
    member_bytes
        Bytes of one file, unpacked.
    total_bytes
        Bytes of all files together, unpacked.
    ratio
        Bytes unpacked for a byte of the archive or the compressed file.
    array_bytes
        Bytes of the arrays of a data set that is not decoded by shards.
    """

    members: int = 500_000
    member_bytes: int = 64 * 1024**2
    total_bytes: int = 16 * 1024**3
    ratio: float = 200
    array_bytes: int = 8 * 1024**3

    def check_count(self, members: int, where: object, what: str = "members") -> None:
        """Check how many members an archive has, or `what` else its images are.

        Raises
        ------
        DataError
            If it has more than the limit.
        """
        if members > self.members:
            raise DataError(
                f"more than {self.members:,} {what}", where=where, hint=advice("members")
            )

    def check_sizes(self, sizes: Mapping[str, int], packed: int, where: object) -> None:
        """Check what a header states, before anything is unpacked for it.

        Parameters
        ----------
        sizes
            The unpacked size of each file by its name.
        packed
            The size of the archive.

        Raises
        ------
        DataError
            If it is beyond the limits.
        """
        impossible = [name for name, size in sizes.items() if size < 0]
        if impossible:
            raise DataError(f"members of a negative size: {first_ten(impossible)}", where=where)
        large = [f"{name} ({size:,})" for name, size in sizes.items() if size > self.member_bytes]
        if large:
            raise DataError(
                f"members of more than {self.member_bytes:,} bytes: {first_ten(large)}",
                where=where,
                hint=advice("member_bytes"),
            )
        self.check_total(sum(sizes.values()), packed, where)

    def check_total(self, total: int, packed: int, where: object) -> None:
        """Check the size of everything that a file of `packed` bytes would unpack to.

        Raises
        ------
        DataError
            If it is beyond the limits.
        """
        if total > self.total_bytes:
            raise DataError(
                f"would unpack to {total:,} bytes, and {self.total_bytes:,} are allowed",
                where=where,
                hint=advice("total_bytes"),
            )
        if total > self.ratio * packed:
            raise DataError(
                f"{packed:,} bytes would unpack to {total:,}, more than {self.ratio:g} times that",
                where=where,
                hint=advice("ratio"),
            )

    def check_arrays(self, images: int, image: Mapping[str, int], where: object) -> None:
        """Check how large the arrays of a data set would be, before its images are decoded.

        Raises
        ------
        DataError
            If they are beyond the limit; it says how many shards to take.
        """
        shards = self.shards_for(images, image)
        if shards:
            raise DataError(
                f"{images:,} images would be arrays of {arrays_bytes(images, image) / 1e9:.1f} GB, "
                f"more than {self.array_bytes / 1e9:.1f}",
                where=where,
                hint=f"decode them by shards, with `shards: {shards}` in the data set's file, or "
                "raise limits.array_bytes there",
            )

    def shards_for(self, images: int, image: Mapping[str, int]) -> int | None:
        """Return how many shards to take; ``None`` if the arrays are within the limit."""
        size = arrays_bytes(images, image)
        if size <= self.array_bytes:
            return None
        return math.ceil(size / FLOAT_BYTES / SHARD_BYTES) + 1


@dataclass(frozen=True)
class NoLimits(Limits):
    """For one's own files: as many as there are, of as much; it notes what it was asked to check.

    Files that are themselves too large, or unpack to too much for their size, are refused as ever.

    Attributes
    ----------
    checked
        The greatest numbers that were checked, by the key of `Limits`.
    """

    members: int = 10**9
    total_bytes: int = 10**15
    checked: dict[str, int] = field(default_factory=dict)

    def check_count(self, members: int, where: object, what: str = "members") -> None:
        """Note it, and check it."""
        self._note("members", members)
        super().check_count(members, where, what)

    def check_total(self, total: int, packed: int, where: object) -> None:
        """Note it, and check it."""
        self._note("total_bytes", total)
        super().check_total(total, packed, where)

    def _note(self, key: str, number: int) -> None:
        self.checked[key] = max(self.checked.get(key, 0), number)


def arrays_bytes(images: int, image: Mapping[str, int]) -> int:
    """Return the bytes of the arrays of a data set that is not decoded by shards."""
    return images * image["height"] * image["width"] * image["channels"] * FLOAT_BYTES


def of(spec: Mapping[str, Any]) -> Limits:
    """Return the limits of a data set, from the content of its file."""
    return Limits(**spec.get("limits", {}))


def advice(key: str) -> str:
    """Say what a user can do about a file that is beyond one of the limits."""
    return f"a bomb? If you trust it, raise limits.{key} in the data set's file"
