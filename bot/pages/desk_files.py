"""Files of complaints for handlers: each look is in the audit."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from actions.desk import attachments, registry
from actions.service.accounts import SignedIn
from actions.store import audit
from bot import files
from bot.deps import RuntimeDep, require_role
from knowledge.errors import forbidden

router = APIRouter(prefix="/desk/files", include_in_schema=False)
Handler = Annotated[SignedIn, Depends(require_role("handler"))]


@router.get("/{file_id}")
def download(file_id: str, runtime: RuntimeDep, handler: Handler) -> Response:
    """Return a file to a handler.

    Raises:
        WenjinError: 403 `barred` for who has an interest in its matter; 404 `file_not_found`.
    """
    with runtime.db.begin() as s:
        found = attachments.get(s, file_id)
        if found.ticket_id is not None and handler.user.id in registry.get(s, found.ticket_id).barred:
            raise forbidden("barred", "您与这张工单有利害关系，已经回避，不能再查看它的材料。")
        audit.record(
            s, actor=handler.user.id, action="file.read", object_type="attachment", object_id=found.id,
            data={"ticket": found.ticket_id or "", "sha256": found.sha256}, now=runtime.now(),
        )  # fmt: skip
        return files.download(found)
