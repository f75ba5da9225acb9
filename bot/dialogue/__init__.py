"""The dialogue: Rasa trained, loaded and run in this process; with bot/nlu the only place that imports rasa."""

from bot.dialogue.agent import Dialogue
from bot.dialogue.training import fingerprint, train

__all__ = ["Dialogue", "fingerprint", "train"]
