"""What stands where something was erased, so that every page, export and message says so by itself."""

from __future__ import annotations

BY_PERIOD = "已按保存期限删除"
ON_REQUEST = "已按客户要求删除"
