"""Custom actions run in this process: no network, each in a savepoint of the turn's transaction."""

from __future__ import annotations

import json
import logging
from typing import Any

from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.store.context import current_session
from bot.metrics import ERRORS

log = logging.getLogger(__name__)
PACKAGE = "actions.rasa"
REJECTED = 400


class InProcessActions(EndpointConfig):  # type: ignore[misc]
    """Stands where Rasa expects an action server. A failed action leaves no trace in the database."""

    def __init__(self) -> None:
        super().__init__(url="http://in-process/webhook", enable_selective_domain=True)
        self._executor = ActionExecutor()
        self._executor.register_package(PACKAGE)

    @property
    def names(self) -> set[str]:
        """Return the names of the actions that exist."""
        return set(self._executor.actions)

    async def request(self, method: str = "post", **sent: Any) -> Any:
        """Run the action of one call and return its events and responses."""
        del method
        call = sent["json"]
        try:
            with current_session().begin_nested():
                return await self._executor.run(call)
        except ActionExecutionRejection as rejection:
            body = json.dumps({"error": rejection.message, "action_name": rejection.action_name})
            raise ClientResponseError(REJECTED, rejection.message, body) from rejection
        except Exception:
            ERRORS.labels("action").inc()
            log.exception("action %s failed", call.get("next_action"))
            return {"events": [], "responses": []}
