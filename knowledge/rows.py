"""Rows of vectors, in memory or left in their file: those of a huge manual are read when they are used."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

IN_MEMORY = 64_000_000  # bytes of one array up to which it is kept in memory


class StoredRows:
    """The rows of a matrix that stays in its file.

    They are read and not mapped: mapped pages would count as the process's memory for as long as it lives.
    """

    def __init__(self, file: BinaryIO, kind: npt.DTypeLike, shape: tuple[int, int], offset: int = 0) -> None:
        self.shape, self.dtype = shape, np.dtype(kind)
        self._file, self._offset = file, offset
        self._size = shape[1] * self.dtype.itemsize

    @classmethod
    def open(cls, path: Path) -> StoredRows:
        """Open a file that `numpy.save` or `save_rows` has written."""
        file = path.open("rb")
        np.lib.format.read_magic(file)  # type: ignore[no-untyped-call]
        shape, _, kind = np.lib.format.read_array_header_1_0(file)  # type: ignore[no-untyped-call]
        return cls(file, kind, shape, file.tell())

    @classmethod
    def gather(
        cls, pieces: Iterable[npt.NDArray[Any]], kind: npt.DTypeLike, width: int, folder: Path
    ) -> StoredRows:
        """Write pieces of rows one by one to a file in `folder` that is gone when the rows are."""
        file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115
        count = 0
        for piece in pieces:
            file.write(np.ascontiguousarray(piece, kind).data)
            count += len(piece)
        file.flush()
        return cls(file, kind, (count, width))

    def __len__(self) -> int:
        return self.shape[0]

    @property
    def nbytes(self) -> int:
        """Return the size of all rows."""
        return self.shape[0] * self._size

    def __getitem__(self, places: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        """Read some rows; neighbours in one go."""
        out = np.empty((len(places), self.shape[1]), self.dtype)
        if not len(places):
            return out
        starts = np.flatnonzero(np.diff(places, prepend=-2) != 1)
        ends = np.append(starts[1:], len(places))
        into = out.data.cast("B")
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            self._read(into[start * self._size : end * self._size], int(places[start]))
        return out

    def _read(self, into: memoryview, row: int) -> None:
        place, done = self._offset + row * self._size, 0
        while done < len(into):
            read = os.preadv(self._file.fileno(), [into[done:]], place + done)
            if not read:
                raise EOFError(f"{self._file.name} ends before row {row}.")
            done += read

    def __array__(self, dtype: npt.DTypeLike = None) -> npt.NDArray[Any]:
        rows = self[np.arange(len(self))]
        return rows if dtype is None else rows.astype(dtype, copy=False)

    def save(self, path: Path) -> None:
        """Copy the rows to a file as `numpy.save` would write it."""
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": self.shape}
        with path.open("wb") as out, open(self._file.fileno(), "rb", closefd=False) as source:
            np.lib.format.write_array_header_1_0(out, header)  # type: ignore[no-untyped-call]
            source.seek(self._offset)
            shutil.copyfileobj(source, out, 1 << 24)


Rows = npt.NDArray[Any] | StoredRows


def kept(rows: StoredRows) -> Rows:
    """Return rows in memory, or as they are when there are very many."""
    return np.asarray(rows) if rows.nbytes <= IN_MEMORY else rows


def load_rows(path: Path) -> Rows:
    """Read a matrix back, or leave it in its file when it is large."""
    return kept(StoredRows.open(path))


def save_rows(rows: Rows, path: Path) -> None:
    """Write a matrix in numpy's format."""
    if isinstance(rows, StoredRows):
        rows.save(path)
    else:
        np.save(path, np.ascontiguousarray(rows))
