"""Stock Rasa in a process of its own: train on a project folder, or read questions; run by rasa_baseline.

Its standard output carries one JSON line a question; Rasa's own progress goes to standard error.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.dialogue.quiet import hush, hush_structlog, quiet_warnings

MODEL = "model.tar.gz"


def train(folder: Path) -> None:
    """Train the project in `folder` to its model.tar.gz."""
    import rasa.model_training

    hush_structlog()
    made = rasa.model_training.train_nlu(
        config=str(folder / "config.yml"),
        nlu_data=str(folder / "nlu.json"),
        output=str(folder),
        fixed_model_name="draft",
    )
    Path(str(made)).replace(folder / MODEL)


def read(folder: Path) -> None:
    """Print the ranking of all intents, with confidences, for each line {"id", "text"} of asked.jsonl."""
    asyncio.run(_read(folder))


async def _read(folder: Path) -> None:
    from rasa.core.agent import Agent

    hush_structlog()
    agent: Any = Agent.load(str(folder / MODEL))
    lines = (folder / "asked.jsonl").read_text(encoding="utf-8").splitlines()
    for line in lines:
        question = json.loads(line)
        started = time.perf_counter()
        parsed = await agent.parse_message(question["text"])
        took = (time.perf_counter() - started) * 1000
        ranking = [[intent["name"], intent["confidence"]] for intent in parsed["intent_ranking"]]
        print(json.dumps({"id": question["id"], "ranking": ranking, "ms": took}), flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run `train FOLDER` or `read FOLDER`."""
    job, folder = arguments
    hush()
    with quiet_warnings():
        {"train": train, "read": read}[job](Path(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
