"""The stand-in as a part of the local cloud."""

from __future__ import annotations

from local_cloud.github.site import FIRST_REPOSITORY
from local_cloud.runtime import Runtime
from local_cloud.stand_in.process import Part, new_secret, write_private


def start(runtime: Runtime) -> Part:
    """Start it and publish where it is, the repository that it begins with, and a token such as jobs get."""
    settings = runtime.settings
    token, workflow_token = f"github_pat_{new_secret()}", f"ghs_{new_secret()}"
    part = Part.start(runtime, "github", settings.github_port, TOKEN=token, WORKFLOW_TOKEN=workflow_token)
    token_file = write_private(settings.state / "github.token", token)
    runtime.endpoints.publish(part.name, "api", {"url": part.url, "token_file": token_file})
    token_file = write_private(settings.state / "github-workflow.token", workflow_token)
    runtime.endpoints.publish(part.name, "workflow", {"token_file": token_file})
    runtime.endpoints.publish(part.name, "repository", FIRST_REPOSITORY)
    return part
