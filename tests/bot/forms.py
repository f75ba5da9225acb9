"""Forms with files as a browser without JavaScript sends them: a field without a file is an empty part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import httpx

_BOUNDARY = "----wenjin-test-boundary"
File = tuple[str, bytes]


def send(
    http: httpx.Client, path: str, fields: Mapping[str, str], files: Sequence[File] = (), name: str = "files"
) -> httpx.Response:
    """Post a form."""
    parts = [_part(f'name="{key}"', value.replace("\n", "\r\n").encode()) for key, value in fields.items()]
    parts += [_part(f'name="{name}"; filename="{file}"', content) for file, content in files or [("", b"")]]
    body = b"".join(parts) + f"--{_BOUNDARY}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}"}
    return http.post(path, content=body, headers=headers)


def _part(disposition: str, content: bytes) -> bytes:
    head = f"--{_BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n"
    return head.encode() + content + b"\r\n"
