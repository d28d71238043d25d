"""The workflows of .github, run by act: the repository of a service that calls them, and what stands in for GitHub.

act runs them on this machine and without containers. What GitHub offers as actions, and what its runners have
installed, is replaced by a few lines each that check what they are given; steps of ours are not replaced.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.environment import REPOSITORY, Environment
from tests.releases.releases import MINUTES, Run

ACCOUNT = "123456789012"
PLATFORM = "trademaster/trademaster.platform"
# What `uses` is pinned to; act takes the workflows of the working tree for it.
COMMIT = "01" * 20
WORKFLOWS = REPOSITORY / ".github" / "workflows"
PYTHON = sys.executable
VARIABLES = {
    "AWS_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/trademaster-local-deploy",
    "AWS_REGION": "us-east-1",
    "ECR_REPOSITORY": "trademaster-auth",
    "INVENTORY": "inventories/local",
}
# What they call, which is what policies allow them.
TARGETS = {"release-service": "deploy", "rollback-service": "rollback", "plan-environment": "plan"}
# The actions that are replaced, each by a shell script, with its inputs as variables.
ACTIONS: dict[str, tuple[list[str], str]] = {
    "actions/checkout": (
        ["repository", "ref", "path", "token", "persist-credentials", "sparse-checkout"],
        """
        [ "$PERSIST_CREDENTIALS" = false ]
        if [ "$IN_PATH" = platform ]; then ln -s "$PLATFORM_CHECKOUT" platform; exit; fi
        mkdir -p "./$IN_PATH" && cp -r "$SERVICE_CHECKOUT/." "./$IN_PATH"
        """,
    ),
    "actions/setup-python": (["python-version"], 'echo "Python $PYTHON_VERSION"'),
    "actions/cache": (["path", "key", "restore-keys"], '[ -n "$IN_PATH" ] && [ -n "$KEY" ]'),
    "actions/upload-artifact": (
        ["name", "path", "if-no-files-found", "retention-days"],
        'mkdir "$ARTIFACTS/$NAME"; for one in $IN_PATH; do cp -r "$one" "$ARTIFACTS/$NAME/"; done',
    ),
    "actions/download-artifact": (["name", "path"], 'mkdir "$IN_PATH"; cp -r "$ARTIFACTS/$NAME/." "$IN_PATH"'),
    "aquasecurity/trivy-action": (
        ["input", "severity", "ignore-unfixed", "exit-code", "format", "output", "skip-setup-trivy"],
        """
        [ -f "$INPUT/index.json" ]
        if [ -n "$OUTPUT" ]; then echo '{"bomFormat": "CycloneDX"}' > "$OUTPUT"; exit; fi
        if [ -f "$SERVICE_CHECKOUT/vulnerable" ]; then echo "Total: 1 (CRITICAL: 1)"; exit "$EXIT_CODE"; fi
        """,
    ),
    "actions/attest-build-provenance": (
        ["subject-name", "subject-digest"],
        'echo "$SUBJECT_DIGEST" | grep -q ^sha256: && echo "provenance of $SUBJECT_NAME@$SUBJECT_DIGEST"',
    ),
    "actions/attest-sbom": (
        ["subject-name", "subject-digest", "sbom-path"],
        'grep -q CycloneDX "$SBOM_PATH" && echo "contents of $SUBJECT_NAME@$SUBJECT_DIGEST"',
    ),
    "aws-actions/configure-aws-credentials": (
        ["role-to-assume", "role-session-name", "aws-region"],
        f'{PYTHON} "$STAND_INS/assume_role.py" "${{ASSUMED_INSTEAD:-$ROLE_TO_ASSUME}}" "$ROLE_SESSION_NAME"',
    ),
}


@dataclass(frozen=True)
class Workflow:
    """A run of a workflow that was started."""

    run: Run

    def ended(self, timeout: float = 5 * MINUTES) -> Workflow:
        self.run.ended(timeout)
        return self

    def green(self) -> Workflow:
        self.run.succeeded()
        return self

    def red(self) -> Workflow:
        self.run.failed()
        return self

    @property
    def said(self) -> str:
        """What the steps have printed, and the runner of them."""
        return "".join(str(one.get("msg", "")).rstrip("\n") + "\n" for one in self._events)

    @property
    def summary(self) -> str:
        """The summaries of all jobs."""
        return "\n".join(str(one["content"]) for one in self._events if one.get("command") == "summary")

    @property
    def jobs(self) -> dict[str, str]:
        """How jobs have ended."""
        return {str(one["jobID"]): str(one["jobResult"]) for one in self._events if "jobResult" in one}

    @property
    def steps(self) -> dict[str, str]:
        """How steps have ended, by name; those that were skipped are not there."""
        return {
            str(one["step"]): str(one["stepResult"])
            for one in self._events
            if one.get("stage") == "Main" and "stepResult" in one
        }

    @cached_property
    def _events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.run.said.splitlines() if line.startswith("{")]


@dataclass
class Pipeline:
    """The repository of a service, and the way to run its workflows on an environment."""

    environment: Environment
    folder: Path
    workflows: list[Workflow] = field(default_factory=list)

    def __post_init__(self) -> None:
        for name in ("service/.github/workflows", "artifacts", "home", "actions"):
            (self.folder / name).mkdir(parents=True)
        (self.service / "Dockerfile").write_text("FROM scratch\n")
        for name, (inputs, script) in ACTIONS.items():
            action = self.folder / "actions" / name
            action.mkdir(parents=True)
            (action / "action.yml").write_text(json.dumps(stub(name, inputs, script)))
        # Of the working tree, act would read all that there is.
        shutil.copytree(WORKFLOWS, self.folder / "platform" / ".github" / "workflows")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("remote", "add", "origin", "https://github.com/trademaster/auth-service.git")

    @property
    def service(self) -> Path:
        return self.folder / "service"

    def git(self, *words: str) -> None:
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com"]
        subprocess.run(["git", *who, *words], cwd=self.service, check=True, capture_output=True)

    def start(
        self,
        workflow: str,
        variables: dict[str, str] | None = None,
        event: tuple[str, dict[str, Any]] = ("push", {}),
        assumed_instead: str = "",
        **inputs: Any,
    ) -> Workflow:
        """Push a commit whose workflow calls one of ours with `inputs`."""
        (self.service / ".github/workflows/caller.yml").write_text(json.dumps(caller(workflow, event[0], inputs)))
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", f"{workflow} {inputs.get('tag', '')}")
        payload = self.folder / "event.json"
        payload.write_text(json.dumps(event[1]))
        process = subprocess.Popen(
            ["act", event[0], *self._flags(variables or VARIABLES, payload)],
            cwd=self.service,
            env=self._surroundings(workflow, assumed_instead),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started = Workflow(Run(process, workflow))
        self.workflows.append(started)
        return started

    def _flags(self, variables: dict[str, str], payload: Path) -> list[str]:
        local = {f"{PLATFORM}@{COMMIT}": self.folder / "platform"}
        for action in ACTIONS:
            local |= {f"{action}@{pin}": self.folder / "actions" / action for pin in pins(action)}
        return [
            *("--json", "--no-cache-server", "--platform", "ubuntu-24.04=-self-hosted", "--eventpath", str(payload)),
            *(f"--var={name}={value}" for name, value in variables.items()),
            *(f"--local-repository={name}={folder}" for name, folder in local.items()),
            *("--actor", "ada"),
        ]

    def _surroundings(self, workflow: str, assumed_instead: str) -> dict[str, str]:
        stand_ins = REPOSITORY / "tests" / "releases" / "runner"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "GITHUB_"))}
        return {
            **kept,
            **self.environment.variables,
            **self.environment.gate(TARGETS[workflow]),
            "PATH": f"{stand_ins}{os.pathsep}{os.environ['PATH']}",
            "XDG_CACHE_HOME": str(self.folder / "home"),
            "XDG_CONFIG_HOME": str(self.folder / "home"),
            "ANSIBLE_NOCOLOR": "1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.environment.variables['LOCAL_CLOUD_AWS_PORT']}",
            "PLATFORM_CHECKOUT": str(REPOSITORY),
            "SERVICE_CHECKOUT": str(self.service),
            "ARTIFACTS": tempfile.mkdtemp(dir=self.folder / "artifacts"),
            "STAND_INS": str(stand_ins),
            "STAND_INS_PYTHON": PYTHON,
            "ASSUMED_INSTEAD": assumed_instead,
        }


def caller(workflow: str, event: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What a team has in its repository, and a job that gets the outputs."""
    return {
        "name": "caller",
        "on": {event: {}},
        "permissions": {},
        "jobs": {
            "called": {
                "uses": f"{PLATFORM}/.github/workflows/{workflow}.yml@{COMMIT}",
                "permissions": dict.fromkeys(["id-token", "attestations", "pull-requests"], "write")
                | {"contents": "read"},
                "with": {"environment": "local", **inputs},
            },
            "after": {
                "needs": "called",
                "runs-on": "ubuntu-24.04",
                "steps": [{"run": "echo 'outputs: ${{ toJSON(needs.called.outputs) }}'"}],
            },
        },
    }


def stub(name: str, inputs: list[str], script: str) -> dict[str, Any]:
    """An action of that name: what is no input of the real one is refused by act's schema, what is missing is empty."""
    variables = {one: one.upper().replace("-", "_") for one in inputs}
    variables["path"] = "IN_PATH"
    step = {
        "shell": "bash",
        "run": f"set -eu\n{script}",
        "env": {variables[one]: f"${{{{ inputs.{one} }}}}" for one in inputs},
    }
    return {
        "name": name,
        "description": "stand-in",
        "inputs": {one: {"description": one, "default": ""} for one in inputs},
        "runs": {"using": "composite", "steps": [step]},
    }


def pins(action: str) -> set[str]:
    """The commits at which workflows use an action."""
    text = "\n".join(path.read_text() for path in WORKFLOWS.glob("*.yml"))
    return set(re.findall(rf"uses: {re.escape(action)}@(\S+)", text))


def workflows() -> dict[str, dict[Any, Any]]:
    """All workflows, by name."""
    return {path.stem: yaml.safe_load(path.read_text()) for path in sorted(WORKFLOWS.glob("*.yml"))}
