"""Contract cases of ssm_parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
LEVEL = {"name": "log_level", "value": "INFO", "description": "Log level"}
ORIGINS = {"name": "origins", "value": "https://a.example.com,https://b.example.com", "type": "StringList"}
TOKEN = {"name": "partner/token", "secure_value": "correct-horse-battery"}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A parameter below the same path that somebody else made."""
    ssm = boto("ssm")
    ssm.put_parameter(Name="/contract/auth/foreign", Value="keep me", Type="String")
    return lambda: ssm.get_parameter(Name="/contract/auth/foreign")["Parameter"]["Value"]


CASES = [
    Case(
        name="ssm_parameters",
        module="ssm_parameters",
        present={
            "path": "/contract/auth",
            "parameters": [LEVEL, ORIGINS, TOKEN],
            "tags": TAGS,
            "purge": True,
        },
        absent={"parameters": []},
        edits={
            "value": {"parameters": [{**LEVEL, "value": "DEBUG"}, ORIGINS, TOKEN]},
            "description": {"parameters": [{**LEVEL, "description": "Level"}, ORIGINS, TOKEN]},
            "secure value": {"parameters": [LEVEL, ORIGINS, {**TOKEN, "secure_value": "staple-correct-horse"}]},
            "type": {"parameters": [LEVEL, {**ORIGINS, "type": "String"}, TOKEN]},
            "longer than the standard tier holds": {"parameters": [{**LEVEL, "value": "x" * 5000}, ORIGINS, TOKEN]},
            "one fewer": {"parameters": [LEVEL, TOKEN]},
            "one more": {"parameters": [LEVEL, ORIGINS, TOKEN, {"name": "extra", "value": "1"}]},
        },
        foreign=lookalike,
        secrets=("correct-horse-battery", "staple-correct-horse"),
    )
]
