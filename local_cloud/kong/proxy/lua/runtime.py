"""Runs functions of plugins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lupa import luajit21

from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.proxy.lua.bridge import Bridge
from local_cloud.kong.proxy.lua.convert import Converter
from local_cloud.kong.settings import Settings


class LuaError(Exception):
    """A function has failed."""


def _no_attributes(_: Any, name: Any, __: bool) -> str:
    raise AttributeError(name)


class Lua:
    """One Lua state for a node; functions run to their end without interruption."""

    def __init__(self, settings: Settings, node_id: str) -> None:
        runtime: Any = luajit21.LuaRuntime(
            encoding="latin-1",
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
            attribute_filter=_no_attributes,
        )
        self._convert = Converter(runtime)
        self._bridge = Bridge(node_id)
        shim = (Path(__file__).parent / "shim.lua").read_text()
        load = runtime.eval(
            "function(source, bridge, null) return assert(loadstring(source, '=shim'))(bridge, null) end"
        )
        functions = runtime.table_from(self._bridge.functions())
        self._compile, self._run, self._evaluate = load(shim, functions, self._convert.null)
        self._runtime = runtime
        # A table of names, or nil: no restriction.
        self._allowed: Any = None
        if settings.untrusted_lua != "on":
            self._allowed = runtime.table_from(dict.fromkeys(settings.untrusted_lua_sandbox_requires, True))

    def compile(self, source: str) -> Any:
        """A function for `run`. Raises LuaError."""
        compiled = self._compile(source.encode().decode("latin-1"), self._allowed)
        if isinstance(compiled, tuple):
            raise LuaError(compiled[1])
        return compiled

    def run(self, function: Any, exchange: Exchange, phase: str) -> None:
        """Raises Exit and Failed where the function answers the request, LuaError."""
        with self._bridge.visiting(exchange, phase, self._convert) as visit:
            result = self._run(function)
        fine, problem = result if isinstance(result, tuple) else (result, None)
        if not fine:
            raise LuaError(problem)
        if visit.ending:
            raise visit.ending

    def evaluate(self, source: str, values: dict[str, Any]) -> str | None:
        """The value of an expression over `values`. Raises LuaError."""
        found = self._evaluate(source, self._runtime.table_from(values))
        if isinstance(found, tuple):
            raise LuaError(found[1])
        return None if found is None else str(found)

    def table(self, values: dict[str, list[str]]) -> Any:
        return self._convert.strings(values)
