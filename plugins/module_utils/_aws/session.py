# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that touches amazon.aws: module construction, clients, errors, and the run of a module.

A module is its documentation, its argument spec and `run_module(ARGUMENT_SPEC, run)`. `run(aws)` reads the current
state, plans (pure), applies unless in check mode, and answers an `Outcome`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.tagging import (
    ansible_dict_to_boto3_tag_list,
    boto3_tag_list_to_ansible_dict,
)

from .._core.changes import Change
from .._core.reconcile import Handlers, apply
from .._core.retry import retry
from .._core.session import Outcome, Session, finish
from .._core.wait import DONE, pending

try:
    from botocore.config import Config
    from botocore.exceptions import (
        BotoCoreError,
        ClientError,
        EndpointConnectionError,
        NoCredentialsError,
        NoRegionError,
        PartialCredentialsError,
    )
except ImportError:  # AnsibleAWSModule reports the missing library
    AWS_ERRORS: tuple[type[Exception], ...] = ()
else:
    AWS_ERRORS = (BotoCoreError, ClientError)

WORKERS = 12
Answer = TypeVar("Answer")

__all__ = [
    "AWS_ERRORS",
    "Aws",
    "ClientError",
    "Outcome",
    "ansible_dict_to_boto3_tag_list",
    "boto3_tag_list_to_ansible_dict",
    "error_code",
    "run_module",
]


@dataclass
class Aws(Session):
    """What a run works with: options, clients, waiting, applying."""

    _clients: dict[str, Any] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def region(self) -> str:
        return str(self.module.region)

    def client(self, service: str) -> Any:
        """The boto3 client of a service, made once. Throttling, 5xx and lost connections are retried by botocore."""
        with self._lock:
            if service not in self._clients:
                config = Config(retries={"mode": "standard", "max_attempts": 8}, max_pool_connections=WORKERS + 4)
                self._clients[service] = self.module.client(service, config=config)
            return self._clients[service]

    def pages(self, service: str, operation: str, key: str, **arguments: Any) -> list[Any]:
        """All items of a paginated list operation, e.g. `pages("ec2", "describe_subnets", "Subnets", Filters=…)`."""
        paginator = self.client(service).get_paginator(operation)
        return [item for page in paginator.paginate(**arguments) for item in page.get(key, [])]

    def identity(self) -> dict[str, str]:
        """`account_id` and `partition` of the caller (STS GetCallerIdentity)."""
        answer = self.client("sts").get_caller_identity()
        return {"account_id": answer["Account"], "partition": answer["Arn"].split(":")[1]}

    def apply(self, changes: Sequence[Change], handlers: Handlers) -> None:
        """Execute the planned changes; a no-op in check mode."""
        if not self.check_mode:
            apply(changes, handlers, workers=WORKERS, explain=explain)

    def found(self, call: Callable[[], Answer], *codes: str) -> Answer | None:
        """What a call answers; None where it fails with one of `codes`, such as ResourceNotFoundException."""
        try:
            return call()
        except ClientError as error:
            if error_code(error) in codes:
                return None
            raise

    def remove(
        self,
        name: str,
        call: Callable[[], Any],
        holders: Callable[[], Sequence[str]],
        *codes: str,
        timeout: float,
    ) -> None:
        """Remove what others may still hold: repeat `call` while it fails with one of `codes`, naming the `holders`.

        For what lets go by and by, such as the network interfaces of a deleted load balancer.
        """

        def look() -> str:
            try:
                call()
            except ClientError as error:
                if error_code(error) not in codes:
                    raise
                return ", ".join(holders()) or explain(error)
            return ""

        self.wait(name, look, lambda held: pending(f"held by {held}") if held else DONE, timeout=timeout)

    def eventually(self, call: Callable[[], Answer], *codes: str, text: str = "", timeout: float = 60.0) -> Answer:
        """Repeat a call while it fails with one of `codes` and `text` in its message.

        For what AWS documents as eventually consistent, such as a role that cannot be assumed yet.
        """

        def passes(error: Exception) -> bool:
            return error_code(error) in codes and text.lower() in str(error).lower()

        return retry(call, passes, errors=ClientError, timeout=timeout, clock=self.clock)


def error_code(error: BaseException) -> str:
    """The service's error code (`ResourceNotFoundException`), empty for anything but a ClientError."""
    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return ""


def explain(error: BaseException) -> str:
    """One line that says what failed and, where the cause is the caller's set-up, what to do."""
    if isinstance(error, ClientError):
        details = error.response.get("Error", {})
        return f"{error.operation_name}: {details.get('Code', 'error')}: {details.get('Message', '')}".strip()
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return (
            f"AWS credentials: {error}; set AWS_PROFILE, AWS_ACCESS_KEY_ID/AWS_SECRET_ACCESS_KEY or the profile option"
        )
    if isinstance(error, NoRegionError):
        return "region: none given; set the region option, aws_region in the inventory or AWS_REGION"
    if isinstance(error, EndpointConnectionError):
        return f"endpoint_url: {error}; is the endpoint right and reachable?"
    return str(error) or type(error).__name__


def run_module(argument_spec: Mapping[str, Any], run: Callable[[Aws], Outcome], **constraints: Any) -> None:
    """Build the module, run it, and leave through exit_json or fail_json.

    `constraints` are AnsibleModule's (`required_if`, `mutually_exclusive`, …).
    """
    module = AnsibleAWSModule(argument_spec=dict(argument_spec), supports_check_mode=True, **constraints)
    aws = Aws(module)
    if not module.region:
        module.fail_json(msg=explain(NoRegionError()))
    finish(aws, run, explain, AWS_ERRORS)
