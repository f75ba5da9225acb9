"""Every setting, its default and its meaning; a wrong value stops the start with a clear sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from actions.desk.rules import DeskRules
from actions.figures.targets import targets
from actions.retention.periods import DEFAULT, LEAST_FILE, Periods
from bot.identity import HostKey
from bot.logs import LogFormat
from knowledge.errors import bad_input

PROJECT = Path(__file__).resolve().parent.parent
PREFIX = "WENJIN_"
LEAST_SECRET = 16
MOST_WORKERS = 64
MOST_DAYS = 36_500
# Read by modules that start before the settings do.
ELSEWHERE = frozenset({"WENJIN_TORCH_THREADS", "WENJIN_SHARED", "WENJIN_ENCODER_IN_USE"})


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
    workers: int = Field(
        default=1, ge=1, le=MOST_WORKERS, description="几个工作进程；多于 1 个需要 PostgreSQL 和 Redis。"
    )
    rest_token: str = Field(default="", description="REST 渠道的口令；设置后调用方须带 ?token= 或 Bearer。")
    manual_title: str = Field(default="运营手册", description="答案里称呼手册的名字。")
    pass_percent: int = Field(default=80, ge=1, le=100, description="测验合格线（百分比）。")
    quiz_size: int = Field(default=10, ge=1, le=100, description="一份练习卷的题数。")
    messages_per_minute: int = Field(default=30, ge=1, description="每个会话每分钟最多几条消息。")
    complaint_days: int = Field(
        default=15, ge=1, le=365, description="投诉处理时限（日历日）：事实清楚、争议简单。"
    )
    complaint_complex_days: int = Field(
        default=30, ge=1, le=365, description="投诉处理时限（日历日）：情况复杂，须主管批准。"
    )
    complaint_special_days: int = Field(
        default=60, ge=1, le=365, description="投诉处理时限（日历日）：情况特别复杂，须主管批准。"
    )
    review_window_days: int = Field(
        default=30, ge=1, le=365, description="处理决定发出后，客户多少日内可以申请核查或补充新情况。"
    )
    review_days: int = Field(default=30, ge=1, le=365, description="核查的时限（日历日）。")
    first_response_hours: float = Field(
        default=4.0, gt=0, le=200, description="人工首次回复的目标（工作小时）。"
    )
    working_hours: str = Field(
        default="09:00-18:00", description="人工服务和工作小时的起止时间；法定节假日和调休按国务院安排。"
    )
    remind_days: str = Field(default="3,1", description="到期前几天提醒，用逗号分开。")
    same_complaint_days: int = Field(
        default=30, ge=0, le=365, description="同一客户多少日内的同一件事，提示并入原工单；0 为不提示。"
    )
    close_after_days: int = Field(
        default=30, ge=1, le=365, description="答复处理决定后多少日没有异议，系统自动办结。"
    )
    auto_assign: bool = Field(default=False, description="新投诉自动分给本队列在办最少的处理员。")
    categories_file: Path | None = Field(
        default=None, description="投诉分类表（YAML），空为自带的；见“投诉处理”文档。"
    )
    drills_dir: Path = Field(
        default=PROJECT / "training_data" / "drills", description="情景演练的文件夹，里面是 YAML 文件。"
    )
    pdf_font: Path | None = Field(
        default=None, description="证书 PDF 里嵌入的 TrueType 中文字体文件，空为系统里找到的。"
    )
    public_url: str = Field(default="", description="客户访问本系统的网址，写进邮件里的进度链接。")
    smtp_url: str = Field(
        default="", description="发邮件的服务器：smtp://用户:密码@主机:端口，或 smtps://…；空为不发邮件。"
    )
    mail_from: str = Field(default="", validate_default=True, description="邮件的发件人地址。")
    webhook_url: str = Field(default="", description="工单动态推送到的网址；空为不推送。")
    webhook_secret: str = Field(
        default="", validate_default=True, description="推送签名用的密钥，至少 16 个字符。"
    )
    callback_url: str = Field(
        default="", description="回调渠道的回复推送到的网址；空为不开通 /webhooks/callback。"
    )
    callback_secret: str = Field(
        default="", validate_default=True, description="回调渠道签名用的密钥，至少 16 个字符。"
    )
    widget_origins: str = Field(
        default="",
        description="哪些网站的页面可以嵌入聊天，例 https://www.example.com，用逗号分开；空为只有本站。",
    )
    identity_key: str = Field(
        default="",
        description="宿主应用签发客户身份凭证（JWT）的密钥：至少 32 字节的共享密钥（HS256），"
        "或 PEM 公钥（RS256、ES256）；空为不对接。",
    )
    identity_issuer: str = Field(default="", description="身份凭证须由谁签发（iss），空为不检查。")
    identity_audience: str = Field(default="", description="身份凭证须签发给谁（aud），空为凭证不得带 aud。")
    keep_conversations_days: int = Field(
        default=DEFAULT.conversations, ge=0, le=MOST_DAYS,
        description="对话（消息、对话记忆、没有登记投诉的附件、客户资料）保存多少日；0 为一直保存。",
    )  # fmt: skip
    keep_tickets_days: int = Field(
        default=DEFAULT.tickets, ge=0, le=MOST_DAYS,
        description="投诉办结后，其中的个人信息保存多少日，不得短于 3 年；0 为一直保存。",
    )  # fmt: skip
    keep_ratings_days: int = Field(
        default=DEFAULT.ratings, ge=0, le=MOST_DAYS,
        description="评价的留言和回访记录保存多少日，分数一直保存；0 为一直保存。",
    )  # fmt: skip
    keep_notices_days: int = Field(
        default=DEFAULT.notices,
        ge=0,
        le=MOST_DAYS,
        description="已发出的邮件和推送保存多少日；0 为一直保存。",
    )
    keep_sessions_days: int = Field(
        default=DEFAULT.sessions, ge=0, le=MOST_DAYS,
        description="过期的登录、失败的登录和试导入的文件再保存多少日；0 为一直保存。",
    )  # fmt: skip
    retention_daily: bool = Field(
        default=False, description="服务运行时每天 3 点（北京时间）后删除一次超过保存期限的内容。"
    )
    targets: str = Field(
        default="", description="看板指标的目标，如 csat=85,human_time=180：比例写百分数，时间写秒。"
    )
    secure_cookies: bool = Field(
        default=False, description="只在 HTTPS 下发送登录凭据；前面有 HTTPS 代理时打开。"
    )
    log_level: str = Field(default="INFO", description="日志级别：DEBUG、INFO、WARNING、ERROR。")
    log_format: LogFormat = Field(default=LogFormat.PLAIN, description="日志的写法：plain 或 json。")

    @field_validator("log_level")
    @classmethod
    def _known_level(cls, value: str) -> str:
        if value.upper() not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
            raise ValueError("日志级别只能是 DEBUG、INFO、WARNING 或 ERROR")
        return value.upper()

    @field_validator("drills_dir")
    @classmethod
    def _folder(cls, value: Path) -> Path:
        if not value.is_dir():
            raise ValueError("没有这个文件夹")
        return value

    @field_validator("working_hours")
    @classmethod
    def _hours(cls, value: str) -> str:
        opens, closes = hours(value)
        if opens >= closes:
            raise ValueError("开始时间要早于结束时间")
        return value

    @field_validator("remind_days")
    @classmethod
    def _days(cls, value: str) -> str:
        for part in value.split(","):
            if part.strip() and not 0 < int(part) < 366:
                raise ValueError("天数要在 1 到 365 之间")
        return value

    @field_validator("keep_tickets_days")
    @classmethod
    def _file(cls, value: int) -> int:
        if 0 < value < LEAST_FILE:
            raise ValueError(f"投诉档案办结后至少保存 3 年，请写 {LEAST_FILE} 或更多，或写 0")
        return value

    @field_validator("targets")
    @classmethod
    def _goals(cls, value: str) -> str:
        targets(value)
        return value

    @field_validator("widget_origins")
    @classmethod
    def _sites(cls, value: str) -> str:
        for site in sites(value):
            if not re.fullmatch(r"https?://[^/?#@*\s]+", site) or not _is_address(site, "http", "https"):
                raise ValueError(f"“{site}”要写成 https://主机 或 https://主机:端口，不带路径和通配符")
        return value

    @field_validator("identity_key")
    @classmethod
    def _host_key(cls, value: str) -> str:
        if value:
            HostKey(value)
        return value

    @field_validator("public_url", "webhook_url", "callback_url")
    @classmethod
    def _web(cls, value: str) -> str:
        if value and not _is_address(value, "http", "https"):
            raise ValueError("要写完整的网址，以 http:// 或 https:// 开头")
        return value

    @field_validator("smtp_url")
    @classmethod
    def _mail_server(cls, value: str) -> str:
        if value and not _is_address(value, "smtp", "smtps"):
            raise ValueError("要写成 smtp://主机:端口 或 smtps://主机:端口")
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_sender(cls, value: str, others: ValidationInfo) -> str:
        if others.data.get("smtp_url") and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
            raise ValueError("设了 WENJIN_SMTP_URL 就要写发件人的邮箱地址")
        return value

    @field_validator("webhook_secret")
    @classmethod
    def _webhook_signed(cls, value: str, others: ValidationInfo) -> str:
        if others.data.get("webhook_url") and len(value) < LEAST_SECRET:
            raise ValueError(f"设了 WENJIN_WEBHOOK_URL 就要有至少 {LEAST_SECRET} 个字符的密钥")
        return value

    @field_validator("callback_secret")
    @classmethod
    def _callback_signed(cls, value: str, others: ValidationInfo) -> str:
        if others.data.get("callback_url") and len(value) < LEAST_SECRET:
            raise ValueError(f"设了 WENJIN_CALLBACK_URL 就要有至少 {LEAST_SECRET} 个字符的密钥")
        return value

    def desk_rules(self) -> DeskRules:
        """Return the complaint desk's rules."""
        opens, closes = hours(self.working_hours)
        return DeskRules(
            simple=self.complaint_days,
            complex=self.complaint_complex_days,
            special=self.complaint_special_days,
            review=self.review_days,
            review_window=self.review_window_days,
            first_response_hours=self.first_response_hours,
            opens=opens,
            closes=closes,
            remind=tuple(
                sorted({int(part) for part in self.remind_days.split(",") if part.strip()}, reverse=True)
            ),
            same_within=self.same_complaint_days,
            close_after=self.close_after_days,
            auto_assign=self.auto_assign,
            webhook=bool(self.webhook_url),
            mail=bool(self.smtp_url),
            public_url=self.public_url,
        )

    def periods(self) -> Periods:
        """Return how long personal data is kept."""
        return Periods(
            conversations=self.keep_conversations_days,
            tickets=self.keep_tickets_days,
            ratings=self.keep_ratings_days,
            notices=self.keep_notices_days,
            sessions=self.keep_sessions_days,
        )

    @property
    def widget_sites(self) -> tuple[str, ...]:
        """Return the origins whose pages may use the chat."""
        return sites(self.widget_origins)

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


def sites(text: str) -> tuple[str, ...]:
    """Return the origins of a list, in lower case and without a slash at the end."""
    return tuple(part.strip().rstrip("/").lower() for part in text.split(",") if part.strip())


def hours(text: str) -> tuple[time, time]:
    """Return when the desk opens and closes, from "09:00-18:00"; raise ValueError for another form."""
    opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    return opens, closes


def _is_address(text: str, *schemes: str) -> bool:
    """Tell whether this is the address of a server under one of the schemes."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


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
    if problem["type"] == "value_error":
        return f"设置 {name} 不能用：{problem['ctx']['error']}。{field.description}"
    return f"设置 {name} 的值“{problem['input']}”不能用。{field.description}默认值是“{field.default}”。"
