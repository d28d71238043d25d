"""The awslogs driver: lines of a container become events of CloudWatch Logs."""

from __future__ import annotations

import time
from typing import Any

from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import LogGroup, logs_backends

from local_cloud.ecs import roles
from local_cloud.ecs.errors import ResourceInitializationError

_DOING = "failed to validate logger args: create stream has been retried 1 times"


class LogStream:
    """One stream of a log group."""

    def __init__(self, group: LogGroup, name: str):
        self._group = group
        self._name = name

    def write(self, line: str) -> None:
        if line and self._name in self._group.streams:
            event = {"timestamp": int(time.time() * 1000), "message": line}
            self._group.put_log_events(self._name, [event])


def open_stream(
    options: dict[str, str], account: str, default_stream: tuple[str, str], execution_role: str
) -> LogStream:
    """Create the stream of a container. `default_stream`: container name, task id.

    Raises ResourceInitializationError when the group is missing or may not be written to.
    """
    group_name, region = options["awslogs-group"], options["awslogs-region"]
    arn = f"arn:aws:logs:{region}:{account}:log-group:{group_name}"
    roles.check_allowed(execution_role, "logs:CreateLogStream", f"{arn}:log-stream:", _DOING)
    backend = logs_backends[account][region]
    if group_name not in backend.groups:
        if options.get("awslogs-create-group") != "true":
            raise ResourceInitializationError(
                f"{_DOING}: failed to create Cloudwatch log stream: ResourceNotFoundException: "
                f"The specified log group does not exist. ({group_name})"
            )
        roles.check_allowed(execution_role, "logs:CreateLogGroup", arn, _DOING)
        backend.create_log_group(group_name, {})
    group = backend.groups[group_name]
    name = stream_name(options, *default_stream)
    try:
        group.create_log_stream(name)
    except ResourceAlreadyExistsException:
        pass
    return LogStream(group, name)


def stream_name(options: dict[str, Any], container: str, task_id: str) -> str:
    prefix = options.get("awslogs-stream-prefix")
    return f"{prefix}/{container}/{task_id}" if prefix else task_id
