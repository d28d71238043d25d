"""`python -m permissions`: record what playbooks call, derive policies from it, and run commands under them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from permissions import page, policies, recorder, rendering
from permissions.catalogue import data

PAGE = policies.POLICIES / "README.md"


def main() -> int:
    arguments = _arguments()
    work = {
        "policies": _policies,
        "record": _record,
        "rehearse": _rehearse,
        "run": _run,
        "gate": _gate,
        "render": _render,
    }
    return work[arguments.command](arguments)


def _arguments() -> argparse.Namespace:
    whole = argparse.ArgumentParser(prog="python -m permissions", description=__doc__)
    commands = whole.add_subparsers(dest="command", required=True)
    commands.add_parser("policies", help="write policies/ from the recordings")
    recorded = commands.add_parser("record", help="add what a command calls to a recording")
    recorded.add_argument("name", help="of the recording: the playbook's, without .yml")
    recorded.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what is run")
    rehearsed = commands.add_parser("rehearse", help="record all playbooks anew, on a local cloud of its own")
    rehearsed.add_argument("--keep", action="store_true", help="add to the recordings instead of replacing them")
    filled = commands.add_parser("render", help="write the policies of a role as an account takes them")
    filled.add_argument("role", choices=sorted(data("roles")))
    filled.add_argument("--account", required=True)
    filled.add_argument("--region", required=True)
    filled.add_argument("--partition", default="aws")
    filled.add_argument("--project", default="trademaster")
    filled.add_argument("--environment", required=True)
    filled.add_argument("--out", metavar="FOLDER", type=Path, required=True)
    gate = commands.add_parser("gate", help="be the endpoint that holds to the policies of a role")
    held = commands.add_parser("run", help="run a command whose calls are held to the policies of a role")
    for parser in (gate, held):
        parser.add_argument("--role", choices=sorted(data("roles")), required=True)
        parser.add_argument("--upstream", metavar="URL", required=True, help="the endpoint behind")
    held.add_argument("words", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="{endpoint} in it is filled in")
    return whole.parse_args()


def _policies(_: argparse.Namespace) -> int:
    for path in policies.write():
        print(path)
    PAGE.write_text(page.page())
    print(PAGE)
    return 0


def _record(arguments: argparse.Namespace) -> int:
    code, heard = recorder.record(_words(arguments.words))
    path = recorder.write(arguments.name, recorder.merged([recorder.read(arguments.name), heard]))
    print(f"{path}: {sum(map(len, heard.values()))} operations heard", file=sys.stderr)
    return code


def _rehearse(arguments: argparse.Namespace) -> int:
    from permissions import rehearsal

    return rehearsal.rehearse(keep=arguments.keep)


def _run(arguments: argparse.Namespace) -> int:
    # What reads requests off the wire takes seconds to load, which the other commands need not wait for.
    from permissions import rehearsal

    return rehearsal.run_under(arguments.role, arguments.upstream, _words(arguments.words))


def _render(arguments: argparse.Namespace) -> int:
    place = rendering.Place(
        arguments.account, arguments.region, arguments.project, arguments.environment, arguments.partition
    )
    arguments.out.mkdir(parents=True, exist_ok=True)
    paths = rendering.committed(arguments.role)
    for path, document in zip(paths, rendering.rendered(paths, place), strict=True):
        target = arguments.out / path.name
        target.write_text(policies.text(document))
        print(target)
    return 0


def _gate(arguments: argparse.Namespace) -> int:
    from permissions import rehearsal

    return rehearsal.serve(arguments.role, arguments.upstream)


def _words(given: Sequence[str]) -> list[str]:
    return list(given[1:] if given[:1] == ["--"] else given)


if __name__ == "__main__":
    raise SystemExit(main())
