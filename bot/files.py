"""Files that come in by forms and go out again: read within limits, sent so that no browser runs them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response, UploadFile

from actions.desk import attachments
from actions.desk.attachments import LARGEST, MOST, TYPES, Upload
from actions.store.tables.desk import Attachment
from bot.runtime import Runtime
from knowledge.errors import bad_input, too_many

FILES_PER_MINUTE = 20
ACCEPT = ",".join(TYPES)  # what a form's file field offers
UNKNOWN = "application/octet-stream"


async def allow_upload(request: Request, runtime: Runtime, who: str) -> None:
    """Count an upload of somebody and of their address; raise 429 `too_many_files` beyond the limit."""
    address = request.client.host if request.client else ""
    for key, most in ((f"files:{who}", FILES_PER_MINUTE), (f"files@{address}", 3 * FILES_PER_MINUTE)):
        if not await runtime.hub.allow(key, most):
            raise too_many("too_many_files", "您传得太快了，请稍等一分钟再传。")


def read(file: UploadFile) -> Upload:
    """Return a file as it was sent, refusing what is too large before it is held in memory.

    Raises:
        WenjinError: 422 `file_too_large`.
    """
    content = file.file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise bad_input("file_too_large", f"文件超过 {LARGEST // 1_000_000} MB，请压缩后再传。")
    return Upload(file.filename or "", content)


def read_all(files: Iterable[UploadFile]) -> list[Upload]:
    """Return the files of a form, without the empty part that a browser sends for no file.

    Raises:
        WenjinError: 422 `file_too_large`, `too_many_files`.
    """
    sent = [file for file in files if file.filename or file.size]
    if len(sent) > MOST:
        raise bad_input("too_many_files", f"最多附 {MOST} 个文件。")
    return [read(file) for file in sent]


def shown(one: Attachment) -> dict[str, Any]:
    """Return what a program is told of a file."""
    return {"id": one.id, "name": one.name, "size": one.size, "media_type": one.media_type}


def download(one: Attachment) -> Response:
    """Return a file's content: its type from our own list, in a sandbox, kept by no cache.

    Images open in the browser, anything else is saved.
    """
    known = one.media_type if one.media_type in attachments.TYPES else UNKNOWN
    how = "inline" if known.startswith("image/") else "attachment"
    headers = {
        "Content-Disposition": disposition(how, one.name),
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    return Response(one.content, media_type=known, headers=headers)


def disposition(how: str, name: str) -> str:
    """Return a Content-Disposition with a file name in any script (RFC 6266, RFC 5987)."""
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    return f"{how}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
