"""Steps of the workflows: what they refuse, and the one comment of a pull request."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from scripts import pipeline
from scripts.release import notes

ROLE = "arn:aws:iam::123456789012:role/trademaster-staging-deploy"
COMMIT = "01" * 20
TOKEN = "ghs_stand-in"


@pytest.fixture
def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The environment of a step, for a push to main."""
    given = {
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF_NAME": "main",
        "GITHUB_REPOSITORY": "trademaster/auth-service",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_RUN_ID": "42",
        "GITHUB_SHA": COMMIT,
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_TOKEN": TOKEN,
        "RUNNER_TEMP": str(tmp_path),
        "BRANCHES": "main v*",
        "SERVICE": "auth-service",
        "AWS_REGION": "us-east-1",
        "AWS_ROLE_ARN": ROLE,
    }
    for name in ("EVENT_PATH", "OUTPUT", "STEP_SUMMARY"):
        given[f"GITHUB_{name}"] = str(tmp_path / name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    for name in ("TAG", "OPTIONS", "REASON", "MIGRATIONS", "COMMIT_TIME"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "EVENT_PATH").write_text("{}")
    return tmp_path


def refused(step: Any, *arguments: Any, said: str, job: Path, output: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        step(*arguments)
    assert stopped.value.code == 1
    assert said in output.readouterr().out
    assert said in (job / "STEP_SUMMARY").read_text()


def outputs(job: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in (job / "OUTPUT").read_text().splitlines())


def test_a_commit_is_a_tag(job: Path) -> None:
    pipeline.check()
    assert outputs(job) == {"tag": COMMIT}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"GITHUB_REF_NAME": "feature"}, "branch feature: only main, v* may be released"),
        ({"TAG": "-1"}, "tag '-1'"),
        ({"TAG": "1\n::error::"}, "tag '1\\n::error::'"),
        ({"OPTIONS": "{"}, "options: no JSON"),
        ({"OPTIONS": "[]"}, "options: give a JSON object"),
        ({"OPTIONS": '{"kong_config_state": "absent"}'}, "options: kong_config_state: only"),
        ({"GITHUB_EVENT_NAME": "pull_request_target"}, "a pull request is not released"),
        ({"head": {"repo": {"full_name": "mallory/auth-service"}}}, "pull request of the fork mallory/"),
        ({"head": {"repo": None}}, "pull request of the fork None"),
    ],
)
def test_what_must_not_be_released(
    job: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    changed: dict[str, Any],
    said: str,
) -> None:
    if "head" in changed:
        (job / "EVENT_PATH").write_text(json.dumps({"pull_request": changed}))
    else:
        ((name, value),) = changed.items()
        monkeypatch.setenv(name, value)
    refused(pipeline.check, said=said, job=job, output=capsys)


def test_all_variables_that_are_wrong_are_told_at_once(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::1:user/ada")
    monkeypatch.delenv("INVENTORY", raising=False)
    said = "AWS_ROLE_ARN=arn:aws:iam::1:user/ada is not the ARN of an IAM role; INVENTORY is missing"
    names = ["AWS_ROLE_ARN", "AWS_REGION", "INVENTORY"]
    refused(pipeline.variables, names, said=said, job=job, output=capsys)


@contextmanager
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    client = boto3.client("sts", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    monkeypatch.setattr(boto3, "client", lambda *_words, **_options: client)
    with Stubber(client) as stub:
        yield stub


def test_credentials_of_another_account(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with sts(monkeypatch) as stub:
        stub.add_response("get_caller_identity", {"Account": "210987654321", "Arn": "arn:aws:iam::210987654321:user/a"})
        said = "account 210987654321: AWS_ROLE_ARN is of account 123456789012"
        refused(pipeline.account, said=said, job=job, output=capsys)


def test_credentials_that_have_expired(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with sts(monkeypatch) as stub:
        stub.add_client_error("get_caller_identity", "ExpiredToken", "The security token has expired")
        refused(pipeline.account, said="(ExpiredToken): run the job again", job=job, output=capsys)


def test_what_the_playbook_is_told(job: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    waivers = [{"rule": "ban-drop-column", "reason": "no release reads it any more"}]
    monkeypatch.setenv("OPTIONS", json.dumps({"release_migrations": {"waivers": waivers}, "release_bake_seconds": 9}))
    monkeypatch.setenv("MIGRATIONS", "db/migrations")
    monkeypatch.setenv("REASON", "it's time")
    pipeline.settings()
    assert json.loads(Path(outputs(job)["file"]).read_text()) == {
        "release_bake_seconds": 9,
        "release_lock": {"wait_seconds": pipeline.QUEUE_SECONDS},
        "release_migrations": {"path": f"{job}/service/db/migrations", "waivers": waivers},
        "release_reason": "it's time https://github.com/trademaster/auth-service/actions/runs/42",
        "release_service": "auth-service",
        "release_summary_file": outputs(job)["summary"],
    }


class GitHub(ThreadingHTTPServer):
    """Stand-in for the comments of one pull request."""

    def __init__(self, count: int) -> None:
        super().__init__(("127.0.0.1", 0), Comments)
        self.comments: dict[int, dict[str, Any]] = {
            number: {"id": number, "user": {"type": "User"}, "body": "<!-- plan: staging -->"}
            for number in range(count)
        }


class Comments(BaseHTTPRequestHandler):
    server: GitHub
    issue = "/repos/trademaster/auth-service/issues/7/comments"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        page = int(query.rpartition("page=")[2])
        assert (path, query) == (self.issue, f"per_page=100&page={page}")
        self.answer(200, list(self.server.comments.values())[(page - 1) * 100 : page * 100])

    def do_POST(self) -> None:
        assert self.path == self.issue
        number = len(self.server.comments)
        self.server.comments[number] = {"id": number, "user": {"type": "Bot"}, "body": self.body()}
        self.answer(201, self.server.comments[number])

    def do_PATCH(self) -> None:
        number = int(self.path.removeprefix("/repos/trademaster/auth-service/issues/comments/"))
        self.server.comments[number]["body"] = self.body()
        self.answer(200, self.server.comments[number])

    def body(self) -> str:
        return str(json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"])

    def answer(self, status: int, content: Any) -> None:
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            status, content = 401, {"message": "Bad credentials"}
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(content).encode())

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def github(monkeypatch: pytest.MonkeyPatch, comments: int) -> Iterator[GitHub]:
    with GitHub(comments) as server:
        monkeypatch.setenv("GITHUB_API_URL", f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("others", [0, 3, 100, 101])
def test_a_pull_request_has_one_comment(job: Path, monkeypatch: pytest.MonkeyPatch, others: int) -> None:
    """Whatever others have written, as if they were us."""
    (job / "EVENT_PATH").write_text('{"pull_request": {"number": 7}}')
    plan = job / "plan.md"
    with github(monkeypatch, others) as server:
        for text in (
            "<!-- plan: staging -->\nfirst",
            "<!-- plan: staging -->\nsecond",
            "<!-- plan: production -->\none",
        ):
            plan.write_text(text)
            pipeline.comment(plan)
    ours = [one["body"] for one in server.comments.values() if one["user"]["type"] == "Bot"]
    assert ours == ["<!-- plan: staging -->\nsecond", "<!-- plan: production -->\none"]


def test_github_refuses_the_comment(
    job: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (job / "EVENT_PATH").write_text('{"pull_request": {"number": 7}}')
    (job / "plan.md").write_text("<!-- plan: staging -->\n")
    monkeypatch.setenv("GITHUB_TOKEN", "wrong")
    with github(monkeypatch, 0):
        refused(pipeline.comment, job / "plan.md", said="with 401: does the job have", job=job, output=capsys)


def test_a_release_of_the_collection_has_its_part_of_the_changelog() -> None:
    changelog = "# Notes\n\n## v0\\.2\\.0\n\n- two\n\n## v0\\.1\\.0\n\n- one\n"
    assert notes(changelog, "0.2.0") == "- two\n"
    assert notes(changelog, "0.1.0") == "- one\n"
    assert notes(changelog, "0.3.0") == ""
