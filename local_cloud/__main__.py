"""Command line of the local cloud: `python -m local_cloud up`."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from collections.abc import Sequence

from local_cloud import supervisor
from local_cloud.processes import tail
from local_cloud.settings import SettingError, Settings

_LOG_LINES = 200


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = Settings.from_environment()
        return int(options.run(settings, options))
    except (SettingError, supervisor.SupervisorError) as error:
        print(f"local cloud: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_cloud",
        description="An AWS-like environment on loopback. Settings: LOCAL_CLOUD_* (see local_cloud/README.md).",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, run, text in (
        ("up", _up, "start it, unless it runs"),
        ("down", _down, "stop everything and delete its state"),
        ("env", _env, "shell commands that point AWS clients at it"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(run=run)
    told = "its processes; exit code 1 when one crashed"
    status = commands.add_parser("status", help=told, description=told)
    status.add_argument("--short", action="store_true", help="how many there are, and those that crashed")
    status.set_defaults(run=_status)
    logs = commands.add_parser("logs", help="the logs of its parts", description="the logs of its parts")
    logs.add_argument("name", nargs="?", metavar="NAME", help="part of a log's name; without it, logs are listed")
    logs.set_defaults(run=_logs)
    return parser


def _up(settings: Settings, _options: argparse.Namespace) -> int:
    begin = time.monotonic()
    started = supervisor.up(settings)
    crashed = [part for part in supervisor.status(settings) if not part.alive]
    # A running one keeps the settings it was started with.
    endpoint = json.loads(settings.endpoints.read_text())["aws"]
    how = f"started in {time.monotonic() - begin:.1f} s" if started else "already running"
    print(f"local cloud: {how}, AWS API on {endpoint}")
    _print_crashed(crashed)
    return 1 if crashed else 0


def _down(settings: Settings, _options: argparse.Namespace) -> int:
    print("local cloud: stopped" if supervisor.down(settings) else "local cloud: was not running")
    return 0


def _status(settings: Settings, options: argparse.Namespace) -> int:
    parts = supervisor.status(settings)
    if not parts:
        print("local cloud: not running")
        return 3
    crashed = [part for part in parts if not part.alive]
    memory = f"resident memory: {supervisor.memory(settings) / 2**20:.0f} MB"
    if options.short:
        print(f"local cloud: processes: {len(parts) - len(crashed)} running, {len(crashed)} crashed; {memory}")
    else:
        for part in parts:
            print(f"{part.name:50} {part.pid:>8}  {'running' if part.alive else 'CRASHED'}")
        print(memory)
    _print_crashed(crashed)
    return 1 if crashed else 0


def _print_crashed(parts: Sequence[supervisor.Part]) -> None:
    for part in parts:
        print(f"local cloud: {part.name} crashed; its last log lines:", file=sys.stderr)
        for line in part.log_tail:
            print(f"  {line}", file=sys.stderr)


def _logs(settings: Settings, options: argparse.Namespace) -> int:
    logs = sorted(settings.logs.rglob("*.log"))
    if options.name is None:
        print("\n".join(str(log.relative_to(settings.logs).with_suffix("")) for log in logs))
        return 0
    matching = [log for log in logs if options.name in str(log.relative_to(settings.logs))]
    if not matching:
        raise supervisor.SupervisorError(f"no log is named like {options.name}")
    for log in matching:
        print(f"==> {log.relative_to(settings.logs)} <==", *tail(log, _LOG_LINES), sep="\n")
    return 0


def _env(settings: Settings, _options: argparse.Namespace) -> int:
    if not settings.endpoints.exists():
        raise supervisor.SupervisorError("not running: start it with `python -m local_cloud up`")
    endpoints = json.loads(settings.endpoints.read_text())
    for name, value in client_environment(endpoints).items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def client_environment(endpoints: dict[str, str]) -> dict[str, str]:
    """What AWS clients need to use the local cloud."""
    return {
        "AWS_ENDPOINT_URL": endpoints["aws"],
        "AWS_REGION": endpoints["region"],
        "AWS_DEFAULT_REGION": endpoints["region"],
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }


if __name__ == "__main__":
    sys.exit(main())
