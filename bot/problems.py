"""One place that turns exceptions into answers: problem JSON (RFC 9457) for programs, a page for people."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException

from bot.deps import SignInNeeded
from bot.metrics import ERRORS
from knowledge.errors import WenjinError

log = logging.getLogger(__name__)
_TITLES = {
    400: "请求有误",
    401: "需要登录",
    403: "没有权限",
    404: "没有找到",
    405: "不支持这种请求",
    409: "状态冲突",
    413: "内容太大",
    415: "格式不对",
    422: "内容有误",
    429: "请求太频繁",
    503: "暂时不可用",
}
_DETAILS = {
    400: "请求内容读不出来，请检查后再试；JSON 须是 UTF-8 编码。",
    404: "没有这个页面或内容，请检查地址。",
    405: "这个地址不支持这种请求方式。",
    413: "发送的内容太大，请精简后再试。",
}


class ProblemResponse(JSONResponse):
    """Problem JSON; half surrogates that a client sent and that are quoted back become question marks."""

    media_type = "application/problem+json"

    def render(self, content: Any) -> bytes:
        """Return the body."""
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def install(app: FastAPI) -> None:
    """Register the handlers."""
    app.add_exception_handler(WenjinError, _expected)
    app.add_exception_handler(SignInNeeded, _sign_in)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, unexpected)


def problem(
    request: Request, status: int, code: str, detail: str, data: dict[str, object] | None = None
) -> Response:
    """Return a failure as problem JSON, or as a page where a browser asked for one."""
    body: dict[str, Any] = {
        **(data or {}),
        "type": f"urn:wenjin:error:{code}",
        "title": _TITLES.get(status, "服务出错"),
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": getattr(request.state, "request_id", ""),
    }
    if _wants_page(request):
        from bot.pages import error_page

        return error_page(request, body)
    return ProblemResponse(body, status)


def _wants_page(request: Request) -> bool:
    path = request.url.path
    return "text/html" in request.headers.get("accept", "") and not path.startswith(("/api/", "/webhooks/"))


async def _expected(request: Request, error: Exception) -> Response:
    if not isinstance(error, WenjinError):
        raise error
    return problem(request, error.status, error.code, error.message, error.data)


async def _sign_in(request: Request, error: Exception) -> Response:
    location = error.location if isinstance(error, SignInNeeded) else "/login"
    if _wants_page(request) or not request.url.path.startswith("/api/"):
        return RedirectResponse(location, 303)
    return problem(request, 401, "sign_in_needed", "请先登录。")


async def _invalid(request: Request, error: Exception) -> Response:
    places = error.errors() if isinstance(error, RequestValidationError) else []
    kinds = {str(place.get("type")) for place in places}
    if "json_invalid" in kinds:
        return problem(request, 400, "bad_json", "请求内容不是有效的 JSON。")
    if _wrong_type(request):
        return problem(request, 415, "wrong_content_type", "请用 Content-Type: application/json 发送。")
    fields = "、".join(
        ".".join(str(p) for p in place["loc"] if p not in {"body", "query", "path"}) for place in places
    )
    return problem(request, 422, "bad_request", f"请求内容有误，请检查：{fields or '请求正文'}。")


def _wrong_type(request: Request) -> bool:
    if request.method not in {"POST", "PUT", "PATCH"}:
        return False
    return "json" not in request.headers.get("content-type", "") and request.url.path.startswith(
        ("/api/", "/webhooks/")
    )


async def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return problem(request, status, f"http_{status}", _DETAILS.get(status, "请求没有成功，请检查后再试。"))


async def unexpected(request: Request, error: Exception) -> Response:
    """Log what nobody expected under the request's number and answer without showing it."""
    ERRORS.labels("http").inc()
    log.error("request %s failed", getattr(request.state, "request_id", ""), exc_info=error)
    return problem(request, 500, "internal", "服务出了点问题，我们已经记下，请稍后再试。")
