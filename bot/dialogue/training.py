"""Train the Rasa model, and tell by a content hash whether there is anything to train."""

from __future__ import annotations

import contextlib
import hashlib
import io
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from bot.dialogue.quiet import hush, hush_structlog, quiet_warnings
from knowledge.encoder import load_encoder
from knowledge.errors import unavailable

log = logging.getLogger(__name__)
PROJECT = Path(__file__).resolve().parents[2]
RASA = PROJECT / "bot" / "rasa"
TRAINING_DATA = tuple(PROJECT / "training_data" / name for name in ("nlu", "rules", "stories"))
_CODE = PROJECT / "bot" / "nlu"
_FAILED = "对话模型没有训练成功，请检查 training_data 和 bot/rasa。"
_SUFFIXES = {".yml", ".yaml", ".py"}

Progress = Callable[[str], None]


def fingerprint(encoder: str) -> str:
    """Return a hash of everything that a model is made of: data, configuration, our components, the encoder.

    `encoder` is the fingerprint of the encoder, not its path: a moved folder is the same encoder.
    """
    digest = hashlib.sha256(encoder.encode())
    for file in _sources():
        digest.update(str(file.relative_to(PROJECT)).encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _sources() -> Iterator[Path]:
    for folder in (RASA, *TRAINING_DATA, _CODE):
        yield from sorted(f for f in folder.rglob("*") if f.suffix in _SUFFIXES)


def train(*, out: Path, encoder_path: str | Path, progress: Progress = lambda _: None) -> Path:
    """Return the model of the present data in folder `out`, trained only when there is none yet.

    Raises:
        WenjinError: `training_failed` (503) when Rasa refuses the data.
    """
    hush()
    os.environ["WENJIN_ENCODER_IN_USE"] = str(encoder_path)  # read by `bot.nlu.sentence_features`
    model = out / f"{fingerprint(load_encoder(encoder_path).fingerprint)}.tar.gz"
    if not model.is_file():
        progress("正在训练对话模型")
        out.mkdir(parents=True, exist_ok=True)
        _train(model)
        _forget_others(model)
    return model


def _train(model: Path) -> None:
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said), quiet_warnings():
            trained = _run_training(model)
    except (Exception, SystemExit) as error:
        log.error("training failed: %s", said.getvalue()[-2000:])
        raise unavailable("training_failed", _FAILED) from error
    if not trained:
        log.error("training gave no model: %s", said.getvalue()[-2000:])
        raise unavailable("training_failed", _FAILED)
    Path(trained).replace(model)


def _run_training(model: Path) -> str | None:
    import rasa.model_training

    from bot.nlu import sentence_features

    hush_structlog()
    sentence_features.vectors_folder[:] = [model.parent.parent / "vectors"]
    name = f"{model.name.removesuffix('.tar.gz')}-{os.getpid()}"
    result = rasa.model_training.train(
        domain=str(RASA / "domain"),
        config=str(RASA / "config.yml"),
        training_files=[str(folder) for folder in TRAINING_DATA if folder.is_dir()],
        output=str(model.parent),
        fixed_model_name=name,
        force_training=True,
    )
    return str(result.model) if result.model else None


def _forget_others(model: Path) -> None:
    """Keep the newest three models: another process may still be loading the one before."""
    models = sorted(model.parent.glob("*.tar.gz"), key=lambda f: f.stat().st_mtime, reverse=True)
    for old in models[3:]:
        old.unlink(missing_ok=True)
