"""Is it Lua? Asked of LuaJIT, as Kong does, without running it."""

from __future__ import annotations

import functools
from typing import Any

from lupa import luajit21


@functools.cache
def _compiler() -> Any:
    runtime = luajit21.LuaRuntime(register_eval=False, register_builtins=False)
    return runtime.eval("function(code) local _, problem = loadstring(code, '=(load)'); return problem end")


def function_problem(code: str) -> str | None:
    problem = _compiler()(code)
    return None if problem is None else f"Error parsing function: {problem}"
