"""Lifecycle hooks of a deployment: functions that are called at a stage, and pauses that somebody ends."""

from __future__ import annotations

import datetime
import json
import time
import uuid
from collections.abc import Mapping
from typing import Any

from local_cloud.ecs import roles
from local_cloud.ecs.errors import ResourceInitializationError, RoleError
from local_cloud.functions import FunctionError, Invocation
from local_cloud.runtime import runtime

AWAITING_ACTION, IN_PROGRESS, SUCCEEDED = "AWAITING_ACTION", "IN_PROGRESS", "SUCCEEDED"
FAILED, TIMED_OUT = "FAILED", "TIMED_OUT"
PAUSE = "PAUSE"
CONTINUE, ROLLBACK = "CONTINUE", "ROLLBACK"
_LONGEST_MINUTES = 1440
_CALL_AGAIN_SECONDS = 30
_INFRASTRUCTURE = "ecs.amazonaws.com"


class HookFailed(Exception):
    """A hook ends the deployment; the message says which and why."""


class HookRun:
    """One hook at one stage. `poll` moves it on without waiting."""

    def __init__(self, hook: Mapping[str, Any], stage: str, event: Mapping[str, Any]):
        self.id = str(uuid.uuid4())
        self.stage = stage
        self.kind = str(hook.get("targetType") or "AWS_LAMBDA")
        self.target = hook.get("hookTargetArn")
        self.status = AWAITING_ACTION if self.kind == PAUSE else IN_PROGRESS
        timeout = hook.get("timeoutConfiguration") or {}
        self.timeout_action = str(timeout.get("action") or ROLLBACK)
        seconds = _seconds(float(timeout.get("timeoutInMinutes") or _LONGEST_MINUTES) * 60)
        self.expires = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        self._deadline = time.monotonic() + seconds
        self._role = str(hook.get("roleArn") or "")
        details = hook.get("hookDetails")
        self._event = {**event, "lifecycleStage": stage, "executionId": self.id}
        if details is not None:
            self._event["hookDetails"] = json.loads(details) if isinstance(details, str) else details
        self._next_call = 0.0
        self._invocation: Invocation | None = None

    @property
    def passed(self) -> bool:
        return self.status == SUCCEEDED or (self.status == TIMED_OUT and self.timeout_action == CONTINUE)

    def poll(self) -> None:
        """Raises HookFailed when the deployment has to be given up."""
        if self.status not in {AWAITING_ACTION, IN_PROGRESS}:
            return
        if time.monotonic() >= self._deadline:
            self.close()
            self.status = TIMED_OUT
            if self.timeout_action == ROLLBACK:
                raise HookFailed(f"lifecycle hook {self._name} timed out at {self.stage}")
        elif self.kind != PAUSE:
            self._call()

    def act(self, action: str) -> None:
        """End a pause, as ContinueServiceDeployment asks for."""
        self.status = SUCCEEDED if action == CONTINUE else FAILED

    def close(self) -> None:
        if self._invocation:
            self._invocation.close()

    @property
    def _name(self) -> str:
        return str(self.target or PAUSE)

    def _call(self) -> None:
        try:
            if self._invocation is None:
                if time.monotonic() >= self._next_call:
                    self._check_role()
                    self._invocation = Invocation(self._name, self._event)
                return
            answer = self._invocation.poll()
        except (FunctionError, RoleError, ResourceInitializationError) as error:
            self._fail(str(error))
        if answer is not None:
            self._invocation = None
            self._take(answer if isinstance(answer, dict) else {})

    def _check_role(self) -> None:
        roles.check_assumable(self._role, principal=_INFRASTRUCTURE)
        roles.check_allowed(self._role, "lambda:InvokeFunction", self._name, "unable to call the function")

    def _take(self, answer: Mapping[str, Any]) -> None:
        status = answer.get("hookStatus")
        if status == IN_PROGRESS:
            self._next_call = time.monotonic() + _seconds(float(answer.get("callBackDelay") or _CALL_AGAIN_SECONDS))
        elif status == SUCCEEDED:
            self.status = SUCCEEDED
        else:
            self._fail(f"it answered {json.dumps(status)}")

    def _fail(self, why: str) -> None:
        self.status = FAILED
        raise HookFailed(f"lifecycle hook {self._name} failed at {self.stage}: {why}")


def _seconds(seconds: float) -> float:
    """What seconds of a deployment take here."""
    return seconds / 60 * runtime().settings.deployment_minute
