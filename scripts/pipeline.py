#!/usr/bin/env python3
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Steps of the GitHub workflows that are more than one `make`: refuse early, push the image, tell people.

They take what they work on from the environment, as workflows give it to them. What is refused is told in one line, as
an error of the step and in the summary of the job. `account` and `push` need boto3, and run in the platform's `.venv`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, NoReturn

TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
ROLE = re.compile(r"arn:aws[a-z-]*:iam::(\d{12}):role/[\w+=,.@/-]+")
VARIABLES = {
    "AWS_ROLE_ARN": (ROLE, "the ARN of an IAM role"),
    "AWS_REGION": (re.compile(r"[a-z]{2}(-[a-z]+)+-\d"), "a region, as in us-east-1"),
    "ECR_REPOSITORY": (re.compile(r"[a-z0-9][a-z0-9._/-]*"), "the name of a repository, without its registry"),
    "INVENTORY": (re.compile(r"[\w./-]+"), "the directory of an inventory, as in inventories/staging"),
}
# What the workflows say themselves.
RESERVED = {"release_tag", "release_to", "release_service", "release_reason", "release_by", "release_summary_file"}
GITHUB_TIMEOUT_S = 30
# GitHub lets the runs of one repository wait for each other. Others release too: AWX, people, other repositories.
# What is left of the hour for which the credentials are valid has to be enough for the release.
QUEUE_SECONDS = 900


def refuse(reason: str) -> NoReturn:
    """Tell why, where people look, and end the step."""
    line = " ".join(reason.split())
    print(f"::error title=Refused::{line}", flush=True)
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(path).open("a") as summary:
            summary.write(f"### Refused\n\n{line}\n\nNothing was changed.\n")
    sys.exit(1)


def answer(**outputs: str) -> None:
    """Set outputs of the step."""
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as file:
        file.writelines(f"{name}={value}\n" for name, value in outputs.items())


def event() -> dict[str, Any]:
    return dict(json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text() or "{}"))


# --- refusing -----------------------------------------------------------------------------------------------


def check() -> None:
    """Refuse forks, branches that are not meant, and what is no tag or no option. Answers `tag`."""
    refuse_forks()
    environment = os.environ
    if branches := environment.get("BRANCHES", "").split():
        if environment["GITHUB_EVENT_NAME"].startswith("pull_request"):
            refuse("a pull request is not released: merge it")
        name = environment["GITHUB_REF_NAME"]
        if not any(fnmatchcase(name, pattern) for pattern in branches):
            refuse(f"branch {name}: only {', '.join(branches)} may be released: merge it, or change the input branches")
    tag = environment.get("TAG") or environment["GITHUB_SHA"]
    if not TAG.fullmatch(tag):
        refuse(
            f"tag {tag!r}: a tag has at most 128 letters, digits, '_', '.' and '-', and begins with none of the latter"
        )
    options()
    answer(tag=tag)


def refuse_forks() -> None:
    """What runs for a pull request of somebody else must not come near an account."""
    request = event().get("pull_request") or {}
    ours = os.environ["GITHUB_REPOSITORY"]
    # A fork that was deleted since has no repository any more.
    theirs = ((request.get("head") or {}).get("repo") or {}).get("full_name")
    if request and theirs != ours:
        refuse(f"pull request of the fork {theirs}: push the branch to {ours}, whose branches only reach an account")


def options() -> dict[str, Any]:
    """The variables of the role `release` that are not the workflow's to say."""
    text = os.environ.get("OPTIONS") or "{}"
    try:
        found = json.loads(text)
    except ValueError as error:
        refuse(f'options: no JSON ({error}): give an object, as in {{"release_bake_seconds": 600}}')
    if not isinstance(found, dict):
        refuse('options: give a JSON object, as in {"release_bake_seconds": 600}')
    foreign = sorted(name for name in found if not name.startswith("release_") or name in RESERVED)
    if foreign:
        refuse(f"options: {', '.join(foreign)}: only variables of the role release that have no input of their own")
    return dict(found)


def variables(names: list[str]) -> None:
    """Refuse an environment on GitHub whose variables are missing, or not what they have to be."""
    problems = [problem for name in names if (problem := problem_of(name, os.environ.get(name, "")))]
    if problems:
        refuse(f"{'; '.join(problems)}: set it as a variable of the GitHub environment; make cicd does")


def problem_of(name: str, value: str) -> str:
    """What is wrong with a variable, empty when nothing is."""
    pattern, meaning = VARIABLES[name]
    if not value:
        return f"{name} is missing, {meaning}"
    if not pattern.fullmatch(value):
        return f"{name}={value} is not {meaning}"
    if name == "INVENTORY" and not Path(value).is_dir():
        return f"{name}={value}: there is no such directory in the platform's repository"
    return ""


def account() -> None:
    """Refuse credentials that have expired, or that are of another account than the role."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    match = ROLE.fullmatch(os.environ["AWS_ROLE_ARN"])
    wanted = match[1] if match else refuse(f"AWS_ROLE_ARN={os.environ['AWS_ROLE_ARN']} is not the ARN of an IAM role")
    try:
        found = boto3.client("sts", region_name=os.environ["AWS_REGION"]).get_caller_identity()
    except ClientError as error:
        refuse(
            f"AWS does not accept the credentials ({error.response['Error']['Code']}): run the job again for new ones"
        )
    except BotoCoreError as error:
        refuse(f"no word from AWS with these credentials: {error}")
    if found["Account"] != wanted:
        refuse(f"account {found['Account']}: AWS_ROLE_ARN is of account {wanted}: the credentials are of somebody else")
    print(f"{found['Arn']} in account {wanted}")


# --- releasing ----------------------------------------------------------------------------------------------


def push(layout: Path) -> None:
    """Push an image, an OCI layout, under its tag. Answers `image`, `repository` and `digest`."""
    import boto3

    repository, tag = os.environ["ECR_REPOSITORY"], os.environ["TAG"]
    (manifest,) = json.loads((layout / "index.json").read_text())["manifests"]
    digest = str(manifest["digest"])
    client = boto3.client("ecr", region_name=os.environ["AWS_REGION"])
    there = digest_of(client, repository, tag)
    if there not in ("", digest):
        refuse(
            f"tag {tag} of {repository} is another image already ({there[:19]}…), and tags are not changed: "
            "run only the failed jobs of that run again, or release under another tag"
        )
    (login,) = client.get_authorization_token()["authorizationData"]
    registry = str(login["proxyEndpoint"]).removeprefix("https://")
    if there:
        print(f"{tag} is there already")
    else:
        copy(layout, f"{registry}/{repository}:{tag}", registry, str(login["authorizationToken"]))
    answer(image=f"{registry}/{repository}@{digest}", repository=f"{registry}/{repository}", digest=digest)


def digest_of(client: Any, repository: str, tag: str) -> str:
    """The digest that a tag has in ECR, empty when there is no such tag."""
    try:
        found = client.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])
    except client.exceptions.ImageNotFoundException:
        return ""
    except client.exceptions.RepositoryNotFoundException:
        refuse(
            f"ECR_REPOSITORY={repository}: there is no such repository in {os.environ['AWS_REGION']}: run make up first"
        )
    return str(found["imageDetails"][0]["imageDigest"])


def copy(layout: Path, target: str, registry: str, token: str) -> None:
    """Have skopeo copy the image. The token is in a file of its own for as long as that takes."""
    with tempfile.TemporaryDirectory() as folder:
        login = Path(folder) / "auth.json"
        login.touch(mode=0o600)
        login.write_text(json.dumps({"auths": {registry: {"auth": token}}}))
        words = [
            "skopeo",
            "copy",
            "--preserve-digests",
            "--authfile",
            str(login),
            f"oci:{layout}",
            f"docker://{target}",
        ]
        done = subprocess.run(words, check=False)
    if done.returncode:
        refuse(f"{target} could not be pushed: what skopeo said is above")


def settings() -> None:
    """Write the variables of the playbook. Answers `file`, and `summary`, which the playbook writes."""
    environment = os.environ
    folder = Path(environment["RUNNER_TEMP"])
    run = "{GITHUB_SERVER_URL}/{GITHUB_REPOSITORY}/actions/runs/{GITHUB_RUN_ID}".format(**environment)
    summary = folder / "release.md"
    found = options()
    if migrations := environment.get("MIGRATIONS"):
        path = str(Path(environment["GITHUB_WORKSPACE"]) / "service" / migrations)
        found["release_migrations"] = {**found.get("release_migrations", {}), "path": path}
    found.setdefault("release_lock", {"wait_seconds": QUEUE_SECONDS})
    found |= {
        "release_service": environment["SERVICE"],
        "release_reason": " ".join([environment.get("REASON", ""), run]).strip(),
        "release_summary_file": str(summary),
    }
    if made := environment.get("COMMIT_TIME"):
        found["release_commit_time"] = made
    file = folder / "release.json"
    file.write_text(json.dumps(found))
    answer(file=str(file), summary=str(summary))


def plan() -> None:
    """Plan, and tell it in the summary of the job. Changes are no failure. Answers `verdict`."""
    folder = Path(os.environ["PLAN_DIR"])
    subprocess.run(["make", "plan"], check=False)
    if not (folder / "plan.json").exists():
        sys.exit("there is no plan: why is above")
    verdict = str(json.loads((folder / "plan.json").read_text())["verdict"])
    answer(verdict=verdict)
    with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a") as summary:
        summary.write((folder / "plan.md").read_text())
    if verdict == "failed":
        sys.exit("the plan is not complete: why is above")


# --- telling ------------------------------------------------------------------------------------------------


def comment(file: Path) -> None:
    """Keep one comment of the pull request up to date. The first line of the text is how it is found again."""
    text = file.read_text()
    mark = text.partition("\n")[0]
    number = event()["pull_request"]["number"]
    comments = f"/repos/{os.environ['GITHUB_REPOSITORY']}/issues"
    found = next((one for one in all_of(f"{comments}/{number}/comments") if is_ours(one, mark)), None)
    if found:
        github("PATCH", f"{comments}/comments/{found['id']}", {"body": text})
    else:
        github("POST", f"{comments}/{number}/comments", {"body": text})


def is_ours(one: Mapping[str, Any], mark: str) -> bool:
    return one["user"]["type"] == "Bot" and str(one["body"]).startswith(mark)


def all_of(path: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    page: list[dict[str, Any]] = [{}]
    while page:
        page = github("GET", f"{path}?per_page=100&page={len(found) // 100 + 1}")
        found += page
        if len(page) < 100:
            break
    return found


def github(method: str, path: str, body: Mapping[str, str] | None = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - GitHub says which URL
        os.environ["GITHUB_API_URL"] + path,
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {os.environ['GITHUB_TOKEN']}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=GITHUB_TIMEOUT_S) as answered:  # noqa: S310
            return json.load(answered)
    except urllib.error.HTTPError as error:
        refuse(f"GitHub answers {method} {path} with {error.code}: does the job have pull-requests: write?")


def main() -> None:
    parser = argparse.ArgumentParser(description="Steps of the GitHub workflows.")
    steps = parser.add_subparsers(required=True)
    for step in (check, account, settings, plan):
        steps.add_parser(step.__name__).set_defaults(step=step)
    refusing = steps.add_parser("variables")
    refusing.add_argument("names", nargs="+", choices=VARIABLES)
    refusing.set_defaults(step=variables)
    pushing = steps.add_parser("push")
    pushing.add_argument("layout", type=Path)
    pushing.set_defaults(step=push)
    telling = steps.add_parser("comment")
    telling.add_argument("file", type=Path)
    telling.set_defaults(step=comment)
    arguments = vars(parser.parse_args())
    arguments.pop("step")(**arguments)


if __name__ == "__main__":
    main()
