"""Checkers see the files, and what they complain of is one line."""

from __future__ import annotations

import sys

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3.file_set_check import check
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError

FILES = {"prometheus.yml": "global: {}\n", "rules/a.yml": "groups: [\n"}
FAILS = "import os, sys; print(f'checking {os.path.abspath(sys.argv[1])}'); print(' FAILED: line 1'); sys.exit(3)"


def test_all_files_are_there() -> None:
    read = "import pathlib; assert pathlib.Path('rules/a.yml').read_text() == 'groups: [\\n'"
    check(FILES, [["test", "-f", "prometheus.yml"], [sys.executable, "-c", read]], None)


def test_a_complaint_is_one_line_that_names_the_file_as_it_is_given() -> None:
    with pytest.raises(PlatformError) as refused:
        check(FILES, [["true"], [sys.executable, "-c", FAILS, "rules/a.yml"]], None)
    assert str(refused.value).endswith("rules/a.yml: checking rules/a.yml; FAILED: line 1")


def test_files_that_are_right_are_not_listed() -> None:
    said = "Checking prometheus.yml\n SUCCESS: valid\n\nChecking rules/a.yml\n  FAILED:\nrules/a.yml: 1:9: no list\n"
    with pytest.raises(PlatformError) as refused:
        check(FILES, [[sys.executable, "-c", f"import sys; print({said!r}); sys.exit(1)"]], None)
    assert str(refused.value).endswith(": Checking rules/a.yml; FAILED:; rules/a.yml: 1:9: no list")


def test_a_checker_may_say_nothing() -> None:
    with pytest.raises(PlatformError, match="false: refuses the files without saying why"):
        check(FILES, [["false"]], None)


@pytest.mark.parametrize(("variable", "named"), [("prometheus_promtool", "prometheus_promtool"), (None, "validate")])
def test_a_checker_that_is_not_there_names_where_to_set_it(variable: str | None, named: str) -> None:
    with pytest.raises(PlatformError, match=rf"^{named}.*'no-such-promtool' cannot be run.*its path in {named}"):
        check(FILES, [["no-such-promtool", "check"]], variable)
