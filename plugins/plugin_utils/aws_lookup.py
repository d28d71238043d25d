# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What lookups that ask AWS have in common: where the connection comes from."""

from __future__ import annotations

import functools
from typing import Any

from ansible.errors import AnsibleLookupError, AnsibleValueOmittedError
from ansible.plugins.lookup import LookupBase

try:
    import boto3

    HAS_BOTO3 = True
except ImportError:
    HAS_BOTO3 = False


class AwsLookup(LookupBase):  # type: ignore[misc]
    """A lookup with the options of the fragment `aws_lookup`. `set_options` comes first."""

    def given(self, name: str) -> Any:
        """An option, None where it is left out. What comes from variables arrives as written in the inventory."""
        try:
            return self._templar.template(self.get_option(name))
        except AnsibleValueOmittedError:
            return None

    def client(self, service: str) -> Any:
        """The boto3 client of a service. Keys that are given outright win over a profile, as in the modules."""
        if not HAS_BOTO3:
            raise AnsibleLookupError("boto3 is missing on the controller: pip install boto3")
        access_key = self.given("access_key") or None
        return _client(
            service,
            self.given("endpoint_url") or None,
            profile_name=None if access_key else self.given("profile") or None,
            region_name=self.given("region") or None,
            aws_access_key_id=access_key,
            aws_secret_access_key=self.given("secret_key") or None,
            aws_session_token=self.given("session_token") or None,
        )


@functools.cache
def _client(service: str, endpoint_url: str | None, **session: str | None) -> Any:
    """One for all lookups of a task, which often are many: each client takes longer to make than to use."""
    return boto3.session.Session(**session).client(service, endpoint_url=endpoint_url)
