"""The pages people see: chat, sign-in, desk, knowledge, training, dashboard; all assets are local."""

from __future__ import annotations

from fastapi import APIRouter

from bot.pages.assets import Assets, echarts_dir, static_dir
from bot.pages.errors import error_page

__all__ = ["Assets", "echarts_dir", "error_page", "routers", "static_dir"]


def routers() -> list[APIRouter]:
    """Return the routers of all pages."""
    from bot.pages import (
        analysis,
        case,
        certificates,
        chat_page,
        complain,
        dashboard,
        desk,
        desk_bulk,
        desk_canned,
        desk_files,
        desk_follow_ups,
        desk_handovers,
        desk_live,
        knowledge,
        knowledge_manual,
        rate,
        signin,
        training,
        training_assign,
        training_bank,
        training_drills,
        training_exam,
        training_export,
        training_import,
        training_manage,
        training_papers,
        training_people,
        training_review,
    )

    modules = (
        chat_page,
        complain,
        case,
        rate,
        desk_files,
        signin,
        desk,
        desk_bulk,
        desk_canned,
        desk_follow_ups,
        desk_live,
        desk_handovers,
        knowledge,
        knowledge_manual,
        training,
        training_exam,
        training_export,
        training_import,
        training_bank,
        training_papers,
        training_manage,
        training_assign,
        training_people,
        training_review,
        training_drills,
        certificates,
        dashboard,
        analysis,
    )
    return [module.router for module in modules]
