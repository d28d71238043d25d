"""Lambda functions: those that CreateFunction made, as processes of this machine.

A function is the code of its archive, called in a fresh Python interpreter, one for each event. Runtimes other than
Python are not known.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

from moto.awslambda.models import LambdaFunction, lambda_backends

from local_cloud.runtime import runtime

_PROCESS = Path(__file__).parent / "function_process.py"


class FunctionError(Exception):
    """There is no such function, or it did not answer."""


class Invocation:
    """One call that runs beside everything else; raises FunctionError when there is nothing to call."""

    def __init__(self, arn: str, event: dict[str, Any]):
        function = _find(arn)
        settings = runtime().settings
        folder = settings.state / "functions" / str(function.function_name)
        folder.mkdir(parents=True, exist_ok=True)
        call = uuid.uuid4().hex
        archive, given, self._answer = (folder / f"{call}.{end}" for end in ("zip", "event", "answer"))
        archive.write_bytes(function.code_bytes)
        given.write_text(json.dumps(event))
        self._files = (archive, given, self._answer)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "AWS_REGION": settings.region,
            "AWS_DEFAULT_REGION": settings.region,
            "AWS_ENDPOINT_URL": settings.aws_endpoint,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            **{str(name): str(value) for name, value in (function.environment_vars or {}).items()},
        }
        with (settings.logs / f"function-{function.function_name}.log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, str(_PROCESS), str(archive), str(function.handler), str(given), str(self._answer)],
                env=environment,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._deadline = time.monotonic() + float(function.timeout or 3)
        self._name = str(function.function_name)

    def poll(self) -> Any:
        """Its answer, or None as long as it runs. Raises FunctionError."""
        code = self._process.poll()
        if code is None and time.monotonic() < self._deadline:
            return None
        answer = json.loads(self._answer.read_text()) if code == 0 else None
        self.close()
        if code is None:
            raise FunctionError(f"the function {self._name} did not answer in time")
        if code != 0:
            raise FunctionError(f"the function {self._name} ended with an error")
        return {} if answer is None else answer

    def close(self) -> None:
        """End it if it still runs, and forget it."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for file in self._files:
            file.unlink(missing_ok=True)


def _find(arn: str) -> LambdaFunction:
    parts = arn.split(":")
    if len(parts) < 7 or parts[2] != "lambda":
        raise FunctionError(f"{arn} is no ARN of a function")
    region, account, name = parts[3], parts[4], parts[6]
    found = next(
        (item for item in lambda_backends[account][region].list_functions() if item.function_name == name), None
    )
    if found is None:
        raise FunctionError(f"Function not found: {arn}")
    if not str(found.run_time).startswith("python") or not found.code_bytes:
        raise FunctionError(f"the local cloud runs functions in Python only, and {name} is not one with code")
    return found
