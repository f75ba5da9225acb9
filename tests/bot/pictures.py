"""Small real files for tests of uploads."""

from __future__ import annotations

import io

from PIL import Image

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def picture(shade: int = 0, *, kind: str = "PNG", size: int = 4) -> bytes:
    """Return a small image of one colour."""
    out = io.BytesIO()
    Image.new("RGB", (size, size), (shade, 90, 90)).save(out, kind)
    return out.getvalue()


def heavy_picture(size: int) -> bytes:
    """Return an image of `size` bytes: a small one with a tail that decoders skip."""
    small = picture(kind="JPEG")
    return small + b"\0" * (size - len(small))
