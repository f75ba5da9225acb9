"""Certificates: one's own, as PDF, and the page where anybody checks one by its serial."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from actions.desk.workdays import SHANGHAI
from actions.service import accounts
from actions.training import certificate_pdf, certificates
from bot.deps import PageUser, RuntimeDep
from bot.pages.render import page
from knowledge.errors import WenjinError, conflict, not_found

router = APIRouter(prefix="/certificates", include_in_schema=False)
READERS = ("training", "compliance", "supervisor")


@router.get("", response_class=HTMLResponse)
def mine(request: Request, runtime: RuntimeDep, user: PageUser) -> HTMLResponse:
    """Show one's own certificates."""
    now = runtime.now()
    with runtime.db.reading() as s:
        found = [(one, certificates.state_of(one, now)) for one in certificates.of_person(s, user.user.id)]
    return page(
        request,
        "manage/certificates.html",
        signed_in=user,
        found=found,
        labels=certificates.LABELS,
    )


@router.get("/{serial}", response_class=HTMLResponse)
def check(request: Request, runtime: RuntimeDep, serial: str) -> HTMLResponse:
    """Say to anybody whether a certificate is valid, of whom (masked) and for what."""
    with runtime.db.reading() as s:
        try:
            found = certificates.shown(s, serial, runtime.now())
        except WenjinError as problem:
            if problem.code != "unknown_certificate":
                raise
            found = None
    answer = page(
        request,
        "manage/check.html",
        status=200 if found else 404,
        found=found,
        serial=serial.strip().upper()[:32],
        labels=certificates.LABELS,
        now=runtime.now(),
    )
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@router.get("/{serial}/pdf")
def pdf(request: Request, runtime: RuntimeDep, user: PageUser, serial: str) -> Response:
    """Give a certificate as PDF to its holder and to those who answer for training.

    Raises:
        WenjinError: 404 `unknown_certificate`; 409 `certificate_revoked`; 422 `bad_font`.
    """
    with runtime.db.reading() as s:
        found = certificates.get(s, serial)
        holder = accounts.get_user(s, found.user_id)
        reads = any(accounts.may(user.user, role) for role in READERS)
        if holder.id != user.user.id and not reads:
            raise not_found("unknown_certificate", "没有这张证书，请核对编号。")
        if found.revoked_at is not None:
            raise conflict("certificate_revoked", "这张证书已经撤销，不能再下载。")
        base = runtime.settings.public_url.rstrip("/") or str(request.base_url).rstrip("/")
        facts = certificate_pdf.Facts(
            name=holder.called,
            staff_no=holder.staff_no or "",
            title=found.title,
            score=f"{found.score} / {found.max_score}",
            serial=found.serial,
            issued_on=found.issued_at.astimezone(SHANGHAI).date(),
            valid_until=found.valid_until,
            address=f"{base}/certificates/{found.serial}",
        )
    content = certificate_pdf.make(facts, font=runtime.settings.pdf_font)
    headers = {
        "Content-Disposition": f'attachment; filename="{facts.serial}.pdf"',
        "Cache-Control": "no-store",
    }
    return Response(content, media_type="application/pdf", headers=headers)
