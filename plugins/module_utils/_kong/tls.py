# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS towards the Admin API, with certificates and keys given as paths of files or as PEM text."""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from .._core.errors import InvalidInput

PEM = "-----BEGIN"


def context(ca_cert: str, client_cert: str, client_key: str, *, verify: bool) -> ssl.SSLContext:
    """What a connection is secured with; empty texts stand for what is not given."""
    made = ssl.create_default_context()
    if ca_cert:
        _trust(made, ca_cert)
    if not verify:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    if client_cert:
        _identify(made, client_cert, client_key or client_cert)
    return made


def _trust(made: ssl.SSLContext, ca_cert: str) -> None:
    try:
        if PEM in ca_cert:
            made.load_verify_locations(cadata=ca_cert)
        else:
            made.load_verify_locations(cafile=ca_cert)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput("ca_cert", _shown(ca_cert), f"cannot be used: {error}") from error


def _identify(made: ssl.SSLContext, client_cert: str, client_key: str) -> None:
    with _file(client_cert) as cert, _file(client_key) as key:
        try:
            made.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise InvalidInput("client_cert", _shown(client_cert), f"does not work with client_key: {error}") from error


def _shown(given: str) -> str:
    return "PEM text" if PEM in given else given


@contextmanager
def _file(given: str) -> Iterator[str]:
    """The path of a file; for PEM text one that lives in memory where that is possible, as OpenSSL reads only files."""
    if PEM not in given:
        yield given
        return
    if hasattr(os, "memfd_create"):
        handle, path = os.memfd_create("pem"), ""
    else:
        handle, path = tempfile.mkstemp()
    try:
        os.write(handle, given.encode())
        yield path or f"/proc/self/fd/{handle}"
    finally:
        os.close(handle)
        if path:
            os.unlink(path)  # noqa: PTH108
