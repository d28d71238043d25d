"""How a file of `local_cloud/aws/` extends moto.

Each has a function `install(runtime)`, called once before the server accepts requests, and uses the two
decorators below. moto 5.2 dispatches an operation to the method of the same snake_case name of the service's
response class, so a new attribute is a new operation.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable
from typing import Any

from local_cloud import aws
from local_cloud.runtime import Runtime

Function = Callable[..., Any]


def operation(response_class: type, name: str | None = None) -> Callable[[Function], Function]:
    """Make the decorated function (self) -> ActionResult the operation of its name; replaces moto's if any."""

    def decorate(function: Function) -> Function:
        setattr(response_class, name or function.__name__, function)
        return function

    return decorate


def around(owner: type, name: str) -> Callable[[Function], Function]:
    """Wrap a method: the decorated function is called with the original method first, then its arguments."""

    def decorate(function: Function) -> Function:
        original = getattr(owner, name)

        @functools.wraps(original)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return function(original, *args, **kwargs)

        setattr(owner, name, wrapped)
        return function

    return decorate


def attribute(owner: type, name: str, read: Function, write: Function | None = None) -> None:
    """Give moto's model a computed attribute, which its serializer finds by name; replaces one if any."""
    setattr(owner, name, property(read, write))


def install_all(runtime: Runtime) -> list[str]:
    """Install every extension, in the order of their names, and return the names.

    A file without `install` belongs to another one.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(aws.__path__))
    modules = {name: importlib.import_module(f"local_cloud.aws.{name}") for name in names}
    extensions = {name: module.install for name, module in modules.items() if hasattr(module, "install")}
    for install in extensions.values():
        install(runtime)
    return list(extensions)
