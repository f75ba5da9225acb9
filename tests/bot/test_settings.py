"""Settings from the environment: defaults, overrides, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import ELSEWHERE, PROJECT, Settings, load_settings
from knowledge.errors import WenjinError


def test_nothing_set_is_a_local_installation() -> None:
    settings = load_settings({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.data_dir == PROJECT / ".wenjin"
    assert settings.url == f"sqlite:///{PROJECT / '.wenjin' / 'wenjin.db'}"
    assert settings.encoder_path == str(PROJECT / ".wenjin" / "encoder")


def test_the_environment_is_read_and_the_command_line_wins() -> None:
    environ = {"WENJIN_PORT": "9000", "WENJIN_HOST": "0.0.0.0", "PATH": "/bin", "WENJIN_LOG_LEVEL": "debug"}  # noqa: S104
    settings = load_settings(environ, port=9001, host=None)
    assert (settings.host, settings.port, settings.log_level) == ("0.0.0.0", 9001, "DEBUG")  # noqa: S104


def test_another_encoder_is_taken() -> None:
    assert load_settings({"WENJIN_ENCODER": "models/mine"}).encoder_path == "models/mine"


def test_a_data_dir_may_be_relative_or_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_settings({"WENJIN_DATA_DIR": "~/data"}).data_dir == tmp_path.resolve() / "data"
    assert load_settings({"WENJIN_DATA_DIR": "data"}).data_dir.is_absolute()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WENJIN_PORT", "abc"), ("WENJIN_PORT", "0"), ("WENJIN_PORT", "70000"), ("WENJIN_PORT", ""),
        ("WENJIN_LOG_LEVEL", "LOUD"), ("WENJIN_PASS_PERCENT", "101"), ("WENJIN_QUIZ_SIZE", "0"),
        ("WENJIN_MESSAGES_PER_MINUTE", "-1"), ("WENJIN_SECURE_COOKIES", "maybe"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_one_sentence_that_names_it(name: str, value: str) -> None:
    with pytest.raises(WenjinError) as raised:
        load_settings({name: value})
    assert (raised.value.code, raised.value.status) == ("bad_setting", 422)
    assert name in raised.value.message
    assert raised.value.message.endswith("。")
    assert "\n" not in raised.value.message


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"WENJIN_SMTP_URL": "mail.example.com"}, "WENJIN_SMTP_URL"),
        ({"WENJIN_SMTP_URL": "smtp://:25"}, "WENJIN_SMTP_URL"),
        ({"WENJIN_SMTP_URL": "smtp://mail.example.com:0x"}, "WENJIN_SMTP_URL"),
        ({"WENJIN_SMTP_URL": "smtp://mail.example.com"}, "WENJIN_MAIL_FROM"),
        ({"WENJIN_SMTP_URL": "smtp://mail.example.com", "WENJIN_MAIL_FROM": "客服"}, "WENJIN_MAIL_FROM"),
        ({"WENJIN_WEBHOOK_URL": "ftp://crm.example.com"}, "WENJIN_WEBHOOK_URL"),
        ({"WENJIN_WEBHOOK_URL": "https://crm.example.com"}, "WENJIN_WEBHOOK_SECRET"),
        ({"WENJIN_WEBHOOK_URL": "https://crm.example.com", "WENJIN_WEBHOOK_SECRET": "kurz"}, "WENJIN_WEBHOOK_SECRET"),
        ({"WENJIN_PUBLIC_URL": "desk.example.com"}, "WENJIN_PUBLIC_URL"),
    ],
)  # fmt: skip
def test_notices_need_a_server_a_sender_and_a_secret(given: dict[str, str], named: str) -> None:
    with pytest.raises(WenjinError) as raised:
        load_settings(given)
    assert f"设置 {named} 不能用：" in raised.value.message
    assert raised.value.message.endswith("。")
    assert "kurz" not in raised.value.message


def test_a_setting_that_does_not_exist_is_said() -> None:
    with pytest.raises(WenjinError, match="没有 WENJIN_PROT 这个设置"):
        load_settings({"WENJIN_PROT": "8000"})


def test_what_others_read_is_no_mistake() -> None:
    load_settings({**dict.fromkeys(ELSEWHERE, "x"), "WENJIN_TEST_POSTGRES": "x"})


def test_settings_do_not_change_after_the_start() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().port = 1


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
