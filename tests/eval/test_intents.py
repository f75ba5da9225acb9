"""Tests of the figures on how customers are understood."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.intents import DATA, FOLDERS, Heard, figures, macro_f1, read
from knowledge.errors import WenjinError


def test_macro_f1_is_the_mean_over_intents() -> None:
    right, got = np.array(["a", "a", "b", "c"]), np.array(["a", "b", "b", "x"])
    assert macro_f1(right, got, ["a", "b", "c"]) == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)
    assert macro_f1(right, got, ["x"]) == 0.0  # understood, never meant


def test_chat_that_is_taken_in_is_counted() -> None:
    meant = ["chitchat"] * 4 + ["complain"] * 2
    heard = Heard(("chitchat", "chitchat", "complain", "nlu_fallback", "complain", "complain"),
                  (False, False, True, False, True, False), 1.0)  # fmt: skip
    found = figures(meant, heard, resamples=20)
    assert found["chat accepted"][0] == 0.25
    assert found["customers accepted"][0] == 0.5
    low, high = found["accuracy"][1:]
    assert low <= found["accuracy"][0] == 0.667 <= high


def test_no_held_out_line_is_an_example() -> None:
    known = set(read(DATA / "nlu").texts)
    test = read(FOLDERS["test"])
    assert len(test.texts) > 700
    longer = {text for text in test.texts if len(text) > 6}
    assert not longer & known


def test_a_folder_without_lines_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WenjinError) as error:
        read(tmp_path)
    assert error.value.code == "no_lines"
