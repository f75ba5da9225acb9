"""Custom actions run in this process: no network, each in a savepoint of the turn's transaction."""

from __future__ import annotations

import json
import logging
from functools import lru_cache
from typing import Any

import jsonschema
from rasa.core.actions.action import RemoteAction
from rasa.shared.core.events import Event
from rasa.utils.endpoints import ClientResponseError, EndpointConfig
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection

from actions.store.context import current_session

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
            log.exception("action %s failed", call.get("next_action"))
            return {"events": [], "responses": []}


def validate_quickly() -> None:
    """Check the schema of action results once, not in every turn."""
    schema = RemoteAction.action_response_format_spec()
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    validator = kind(schema)

    def _validate_action_result(self: RemoteAction, result: dict[str, Any]) -> bool:
        del self
        validator.validate(result)
        return True

    RemoteAction._validate_action_result = _validate_action_result


def resolve_quickly() -> None:
    """Look each kind of event up once: Rasa walks through all of its classes for each event that it reads."""
    if not hasattr(Event.resolve_by_type, "cache_info"):
        Event.resolve_by_type = staticmethod(lru_cache(maxsize=None)(Event.resolve_by_type))
