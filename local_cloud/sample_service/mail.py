"""Mails by SMTP, sent beside the request. A mail that cannot be sent is a warning, never with its link."""

from __future__ import annotations

import logging
import smtplib
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from email.message import EmailMessage

from .config import Mail

log = logging.getLogger("mail")
SENDER = "noreply@trademaster.com"
TIMEOUT_SECONDS = 5.0


class Mailer:
    def __init__(self, settings: Mail, frontend_url: str) -> None:
        self._settings = settings
        self._frontend = frontend_url
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")

    def send_verification(self, recipient: str, token: str) -> None:
        self._submit(recipient, "Verify your e-mail address", f"{self._frontend}/verify-email?token={token}")

    def send_reset(self, recipient: str, token: str) -> None:
        self._submit(recipient, "Reset your password", f"{self._frontend}/reset-password?token={token}")

    def close(self) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _submit(self, recipient: str, subject: str, link: str) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, recipient, subject
        message.set_content(f"{subject}:\n{link}\n", cte="7bit")  # the link in one piece
        self._worker.submit(copy_context().run, self._deliver, message)  # keeps the correlation id

    def _deliver(self, message: EmailMessage) -> None:
        where = (self._settings.host, self._settings.port)
        try:
            with smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS) as server:
                if self._settings.username:
                    server.login(self._settings.username, self._settings.password)
                server.send_message(message)
        except (OSError, smtplib.SMTPException) as error:
            log.warning("mail not sent through %s:%d: %s", *where, type(error).__name__)
