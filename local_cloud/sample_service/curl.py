"""As much of curl as the health check of the service's container uses, whose image holds the program."""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.request

CANNOT_CONNECT, REFUSED, TIMED_OUT = 7, 22, 28
_SECONDS = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-f", "--fail", action="store_true")
    parser.add_argument("-s", "--silent", action="store_true")
    parser.add_argument("url")
    options = parser.parse_args()
    try:
        with urllib.request.urlopen(options.url, timeout=_SECONDS) as answer:  # noqa: S310 - the caller's own URL
            sys.stdout.buffer.write(answer.read())
    except urllib.error.HTTPError:
        return REFUSED if options.fail else 0
    except TimeoutError:
        return TIMED_OUT
    except OSError:
        return CANNOT_CONNECT
    return 0


if __name__ == "__main__":
    sys.exit(main())
