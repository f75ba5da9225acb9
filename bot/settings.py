"""Every setting, its default and its meaning; a wrong value stops the start with a clear sentence."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from knowledge.errors import bad_input

PROJECT = Path(__file__).resolve().parent.parent
PREFIX = "WENJIN_"
# Read by modules that start before the settings do.
ELSEWHERE = frozenset({"WENJIN_TORCH_THREADS", "WENJIN_SHARED", "WENJIN_ENCODER"})


class Settings(BaseModel):
    """What an operator can set, each as the environment variable WENJIN_<NAME>."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(
        default=PROJECT / ".wenjin", description="数据目录：数据库、索引、模型和密钥都在这里。"
    )
    database_url: str = Field(
        default="", description="数据库地址，空为数据目录里的 SQLite；例：postgresql+psycopg://user@host/db。"
    )
    redis_url: str = Field(
        default="", description="Redis 地址；多个进程时用来共享锁、限流和通知，空为单进程。"
    )
    encoder: str = Field(
        default="", description="句向量模型：sentence-transformers 名称或文件夹，空为自带模型。"
    )
    host: str = Field(default="127.0.0.1", description="监听地址。")
    port: int = Field(default=8000, ge=1, le=65535, description="监听端口。")
    rest_token: str = Field(default="", description="REST 渠道的口令；设置后调用方须带 ?token= 或 Bearer。")
    manual_title: str = Field(default="运营手册", description="答案里称呼手册的名字。")
    pass_percent: int = Field(default=80, ge=1, le=100, description="测验合格线（百分比）。")
    quiz_size: int = Field(default=10, ge=1, le=100, description="一份练习卷的题数。")
    messages_per_minute: int = Field(default=30, ge=1, description="每个会话每分钟最多几条消息。")
    secure_cookies: bool = Field(
        default=False, description="只在 HTTPS 下发送登录凭据；前面有 HTTPS 代理时打开。"
    )
    log_level: str = Field(default="INFO", description="日志级别：DEBUG、INFO、WARNING、ERROR。")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("日志级别只能是 DEBUG、INFO、WARNING 或 ERROR")
        return value.upper()

    @property
    def url(self) -> str:
        """Return the database address."""
        return self.database_url or f"sqlite:///{self.data_dir / 'wenjin.db'}"

    @property
    def encoder_path(self) -> str:
        """Return the sentence-transformers name or folder in use."""
        return self.encoder or str(self.data_dir / "encoder")

    @property
    def edition_dir(self) -> Path:
        """Return the folder of the own edition of the manual."""
        return PROJECT / "knowledge" / "manual"

    @property
    def questions_dir(self) -> Path:
        """Return the folder of the question bank of the search."""
        return PROJECT / "training_data" / "questions"

    @property
    def quiz_dir(self) -> Path:
        """Return the folder of the quiz bank."""
        return PROJECT / "training_data" / "quiz"


def load_settings(environ: Mapping[str, str], **overrides: object) -> Settings:
    """Read the settings from environment variables; `overrides` (from the command line) win.

    Raises:
        WenjinError: `bad_setting` (422) that names the variable.
    """
    given: dict[str, object] = {
        name.removeprefix(PREFIX).lower(): value
        for name, value in environ.items()
        if name.startswith(PREFIX) and name not in ELSEWHERE and not name.startswith("WENJIN_TEST_")
    }
    given.update({name: value for name, value in overrides.items() if value is not None})
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problem = error.errors()[0]
        name = PREFIX + "_".join(str(part) for part in problem["loc"]).upper()
        raise bad_input("bad_setting", _explain(name, problem), name=name) from error
    return settings.model_copy(update={"data_dir": settings.data_dir.expanduser().resolve()})


def _explain(name: str, problem: Mapping[str, Any]) -> str:
    """Return the one sentence that says what is wrong with a setting."""
    if problem["type"] == "extra_forbidden":
        return f"没有 {name} 这个设置，请检查名称。"
    field = Settings.model_fields[str(problem["loc"][0])]
    return f"设置 {name} 的值“{problem['input']}”不能用。{field.description}默认值是“{field.default}”。"
