"""What the code of the collection could ask of AWS: the operations its modules name, recorded or not.

A first run creates and a second one reads, so that no recording changes what is there. The code tells those operations:
every module of ours calls boto3 by name.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import botocore.loaders
from botocore import xform_name

from permissions.recorder import Operations, client_names

PLUGINS = Path(__file__).parents[1] / "plugins"


@functools.cache
def operations(folder: Path = PLUGINS) -> Operations:
    """Operations by client name. A file's calls belong to the clients it asks for, else to those of its package."""
    found: Operations = {}
    for package in sorted({path.parent for path in folder.rglob("*.py")}):
        trees = [ast.parse(path.read_text()) for path in sorted(package.glob("*.py"))]
        of_package = {client for tree in trees for client in _clients(tree)}
        for tree in trees:
            called = set(_called(tree))
            for client in _clients(tree) or of_package:
                methods = _methods(client)
                found.setdefault(client, set()).update(methods[name] for name in called & methods.keys())
    return {client: names for client, names in found.items() if names}


def _clients(tree: ast.AST) -> set[str]:
    return set(_texts(tree)) & _services()


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _called(tree: ast.AST) -> Iterator[str]:
    """Names of methods that are called or handed on, and texts: paginators are asked for by name."""
    yield from _texts(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr


@functools.cache
def _services() -> frozenset[str]:
    return frozenset(client_names().values())


@functools.cache
def _methods(client: str) -> dict[str, str]:
    loader = botocore.loaders.Loader()
    loader.search_paths.append(loader.BUILTIN_DATA_PATH)
    return {xform_name(name): name for name in loader.load_service_model(client, "service-2")["operations"]}
