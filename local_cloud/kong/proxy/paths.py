"""Paths of requests: their normal form, and the path that the upstream gets. Pure functions."""

from __future__ import annotations

import re

_RESERVED = frozenset(b"!*'();:@&=+$,/?%#[]")
_ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")
_UNSAFE = re.compile(r"[^!#$&'()*+,/:;=?@\[\]A-Za-z0-9\-_.~%]")
_SLASHES = re.compile(r"/{2,}")


def normalise(path: str) -> str:
    """Decode what need not be encoded, remove dot segments, merge slashes; Latin-1 text in and out."""
    if "%" in path:
        path = _ENCODED.sub(_decoded, path)
    if "/." in path:
        path = _without_dots(path)
    if "//" in path:
        path = _SLASHES.sub("/", path)
    return path


def encode(path: str) -> str:
    """Encode again what `normalise` decoded and a request line cannot hold."""
    return _UNSAFE.sub(lambda match: f"%{ord(match[0]):02X}", path)


def _decoded(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    return match[0].upper() if code in _RESERVED else chr(code)


def _without_dots(path: str) -> str:
    segments = path.split("/")
    kept: list[str] = []
    for segment in segments[1:]:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)


def upstream_path(path: str, prefix: str | None, base: str, *, strip: bool) -> str:
    """The path for the upstream, as `path_handling` v0 has it, the only one of this router flavor.

    `path` is normal, `prefix` what the route matched of it, `base` the service's path or "/".
    """
    if not (strip and prefix):
        if base.endswith("/"):
            return base + path[1:]
        return base if path == "/" else base + path
    rest = _harmless(path[len(prefix) :])
    if rest:
        return base.removesuffix("/") + "/" + rest.removeprefix("/")
    if base == "/" or (base.endswith("/") and path.endswith("/")):
        return base
    return base + "/" if path.endswith("/") and path != "/" else base.removesuffix("/")


def _harmless(rest: str) -> str:
    """What is left after stripping must not climb out of the service's path."""
    if rest in (".", ".."):
        return ""
    for climbing in ("./", "../"):
        if rest.startswith(climbing):
            return rest[len(climbing) :]
    return rest
