# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running a module in the process that ansible-core has forked for its task.

Packing a module, starting a Python and importing boto3 takes half a second a task, several times what an unchanged
resource takes to be looked at. The modules of this collection talk to APIs, so on the controller they can run where
their task runs: same code, same options, same answer. Imports and API descriptions are read once, before the fork.
"""

from __future__ import annotations

import functools
import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout, suppress
from types import ModuleType
from typing import Any

from ansible.module_utils import basic
from ansible.module_utils.common.json import Direction, get_module_encoder
from ansible.plugins.action import ActionBase
from ansible.vars.clean import remove_internal_keys
from ansible_collections.trademaster.platform.plugins.plugin_utils.planned_changes import PLANNED

try:
    import botocore.session
    from botocore.exceptions import BotoCoreError
except ImportError:  # the module reports the missing library
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True
    # Every task makes a session of its own; the descriptions of the API that sessions read are the same for all.
    botocore.session.create_loader = functools.cache(botocore.session.create_loader)

PROFILE = "legacy"  # the serialisation that ansible-core uses for modules
# Workers of ansible-core have no terminal of their own. This is the one of the playbook, kept before they are forked.
try:
    _SCREEN = os.dup(2)
except OSError:  # it is closed
    _SCREEN = -1


def last_words(line: str) -> None:
    """Show a line when ansible-core does not listen any more: told to stop, it only waits until its workers end."""
    with suppress(OSError):
        os.write(_SCREEN, f"{line}\n".encode())


@functools.cache
def warm_up(service: str) -> None:
    """Make a client of a service once for all tasks: its imports and descriptions take up to a quarter of a second."""
    variables = {"profile": (None, None, None, None)}  # whatever profile the task uses
    with suppress(BotoCoreError):  # what is wrong with the user's set-up, the module reports
        botocore.session.Session(variables).create_client(
            service,
            region_name="us-east-1",
            aws_access_key_id="unused",
            aws_secret_access_key="unused",  # noqa: S106
        )


class InProcessAction(ActionBase):  # type: ignore[misc]
    """Runs `module` here where that is the same as running it there, and the ordinary way elsewhere.

    `services` are those of AWS that the module calls. They are warmed up when ansible-core loads the plugin, which is
    before it forks.
    """

    module: ModuleType
    services: tuple[str, ...] = ()
    _supports_check_mode = True
    _supports_async = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for service in cls.services if HAS_BOTOCORE else ():
            warm_up(service)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Answer the module's result."""
        variables = task_vars or {}
        # What would change may be kept for tasks that judge it. Whether it is shown, the process that forked decides.
        self._task.diff = self._task.diff or (self._task.check_mode and PLANNED.collecting)
        result: dict[str, Any] = super().run(tmp, variables)
        if self._is_at_home(variables):
            return {**result, **self._run_here(variables)}
        answer = self._execute_module(task_vars=variables, wrap_async=self._task.async_val)
        return {**result, **answer}

    def _is_at_home(self, variables: dict[str, Any]) -> bool:
        """Whether the task asks for nothing that only a process of its own can give."""
        interpreter = self._templar.template(variables.get("ansible_python_interpreter", sys.executable))
        return (
            self._connection.transport == "local"
            and not self._task.async_val
            and not self._task.delegate_to
            and not self._play_context.become
            and not any(self._task.environment or [])
            and interpreter == sys.executable
        )

    def _run_here(self, variables: dict[str, Any]) -> dict[str, Any]:
        name = self._task.resolved_action or self._task.action
        arguments = dict(self._task.args)
        self._update_module_args(name, arguments, variables)
        encoder = get_module_encoder(PROFILE, Direction.CONTROLLER_TO_MODULE)
        # What AnsibleModule reads instead of a command line. This process ends with the task.
        basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}, cls=encoder).encode()  # noqa: SLF001
        basic._ANSIBLE_PROFILE = PROFILE  # noqa: SLF001
        printed, complained = io.StringIO(), io.StringIO()
        with redirect_stdout(printed), redirect_stderr(complained), suppress(SystemExit):
            self.module.main()
        output = {"stdout": printed.getvalue(), "stderr": complained.getvalue()}
        answer: dict[str, Any] = self._parse_returned_data(output, PROFILE)
        remove_internal_keys(answer)
        return answer
