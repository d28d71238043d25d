"""What ends the program, and what ends a request."""

from __future__ import annotations

from typing import Any


class StartError(Exception):
    """Grafana does not start with this."""


class Refused(Exception):
    """A request that is answered with an error, in the shape of Grafana's."""

    def __init__(self, status: int, message: str, /, **fields: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"message": message, **fields}


def unauthorized(message: str = "Unauthorized", message_id: str = "auth.unauthorized") -> Refused:
    return Refused(401, message, extra=None, messageId=message_id, statusCode=401, traceID="")
