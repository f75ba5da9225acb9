"""Rows that stay in their file are read as they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from knowledge import rows as rows_module
from knowledge.rows import Rows, StoredRows, load_rows, save_rows

MATRIX = np.arange(60, dtype=np.float16).reshape(20, 3)


@pytest.fixture(params=["saved", "gathered"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> StoredRows:
    if request.param == "gathered":
        return StoredRows.gather((MATRIX[:7], MATRIX[7:7], MATRIX[7:]), np.float16, 3, tmp_path)
    np.save(tmp_path / "rows.npy", MATRIX)
    return StoredRows.open(tmp_path / "rows.npy")


@pytest.mark.parametrize("places", [[], [0], [19], [3, 4, 5, 0, 1, 19], [5, 5, 4], list(range(20))])
def test_rows_are_read_by_their_places(stored: StoredRows, places: list[int]) -> None:
    chosen = np.array(places, np.int64)
    assert np.array_equal(stored[chosen], MATRIX[chosen])


def test_all_rows_make_an_array(stored: StoredRows) -> None:
    assert (len(stored), stored.shape, stored.nbytes) == (20, (20, 3), 120)
    assert np.array_equal(np.asarray(stored), MATRIX)
    assert np.asarray(stored, np.float32).dtype == np.float32


def test_rows_are_copied_in_numpys_format(stored: StoredRows, tmp_path: Path) -> None:
    save_rows(stored, tmp_path / "copy.npy")
    save_rows(stored, tmp_path / "again.npy")
    assert np.array_equal(np.load(tmp_path / "copy.npy"), MATRIX)
    assert (tmp_path / "copy.npy").read_bytes() == (tmp_path / "again.npy").read_bytes()


def test_only_large_matrices_stay_in_their_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_rows(np.asfortranarray(MATRIX), tmp_path / "rows.npy")
    small: Rows = load_rows(tmp_path / "rows.npy")
    monkeypatch.setattr(rows_module, "IN_MEMORY", MATRIX.nbytes - 1)
    large = load_rows(tmp_path / "rows.npy")
    assert isinstance(small, np.ndarray) and isinstance(large, StoredRows)
    assert np.array_equal(np.asarray(small), np.asarray(large))


def test_a_file_cut_short_is_an_error(tmp_path: Path) -> None:
    np.save(tmp_path / "rows.npy", MATRIX)
    whole = (tmp_path / "rows.npy").read_bytes()
    (tmp_path / "rows.npy").write_bytes(whole[:-4])
    with pytest.raises(EOFError):
        StoredRows.open(tmp_path / "rows.npy")[np.array([19])]
