"""Forms that try a file first: it comes with the form, or is the one that was tried before."""

from __future__ import annotations

from fastapi import UploadFile

from actions.service import kept_files
from actions.service.accounts import SignedIn
from bot.runtime import Runtime
from knowledge.errors import bad_input


def content_of(
    runtime: Runtime, user: SignedIn, purpose: str, file: UploadFile | None, kept: str
) -> tuple[str, bytes]:
    """Return name and content of what was sent, or of the kept file that the word `kept` names.

    Raises:
        WenjinError: 422 `no_file`, `file_gone`.
    """
    if kept:
        with runtime.db.reading() as s:
            return kept_files.fetch(
                s, user_id=user.user.id, purpose=purpose, digest=kept, now=runtime.now()
            )  # fmt: skip
    if file is None or not file.filename:
        raise bad_input("no_file", "请先选择一个文件。")
    return file.filename, file.file.read()


def keep(runtime: Runtime, user: SignedIn, purpose: str, name: str, content: bytes) -> str:
    """Keep a file that can be taken over; return its word."""
    with runtime.db.begin() as s:
        return kept_files.keep(
            s, user_id=user.user.id, purpose=purpose, name=name, content=content, now=runtime.now()
        )
