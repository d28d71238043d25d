"""The authentication API: registration, sign-in, tokens, and what other services ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import NAME, accounts
from .config import Settings
from .database import Pool
from .limits import Limiter
from .mail import Mailer
from .passwords import hash_password, matches
from .sessions import LIFETIME_SECONDS, Sessions
from .tokens import ISSUER, InvalidToken, Tokens
from .web import Access, Call, Endpoint, Reply

EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,185}\.[^@\s.]{2,}")
PASSWORD_LENGTH = range(8, 129)
VERIFICATION_HOURS = 24
RESET_HOURS = 1
BASE = "/api/v1/auth"
INTERNAL = "/api/internal/v1/auth"


@dataclass(frozen=True)
class Api:
    settings: Settings
    pool: Pool
    sessions: Sessions
    tokens: Tokens
    limiter: Limiter
    mailer: Mailer

    def endpoints(self) -> list[Endpoint]:
        public, bearer, service = Access.PUBLIC, Access.BEARER, Access.SERVICE
        return [
            Endpoint("POST", f"{BASE}/register", self.register, public),
            Endpoint("POST", f"{BASE}/verify-email", self.verify_email, public),
            Endpoint("POST", f"{BASE}/login", self.login, public),
            Endpoint("POST", f"{BASE}/forgot-password", self.forgot_password, public),
            Endpoint("POST", f"{BASE}/reset-password", self.reset_password, public),
            Endpoint("POST", f"{BASE}/refresh", self.refresh, Access.ANY_TOKEN),
            Endpoint("POST", f"{BASE}/logout", self.logout, bearer),
            Endpoint("GET", f"{BASE}/mfa/status", self.mfa_status, bearer),
            Endpoint("GET", f"{BASE}/devices", self.devices, bearer),
            Endpoint("GET", "/api/v1/audit/security-events", self.own_events, bearer),
            Endpoint("GET", "/api/v1/audit/security-events/high-risk", self.high_risk, Access.COMPLIANCE),
            Endpoint("GET", f"{INTERNAL}/status", self.internal_status, service),
            Endpoint("GET", f"{INTERNAL}/users/{{userId}}/validate", self.validate_user, service),
            Endpoint("POST", f"{INTERNAL}/tokens/validate", self.validate_token, service),
        ]

    def register(self, call: Call) -> Reply:
        if self.limiter.attempt("registration", call.client.address):
            return self._limited(call, "registration", "Too many registration attempts")
        wrong = _registration_errors(call)
        if wrong:
            return Reply(400, {"message": "Validation failed", "errors": wrong})
        email = call.text("email")
        hashed = hash_password(call.body["password"])
        with self.pool.transaction() as db:
            user_id = accounts.create(db, email, hashed, call.text("firstName"), call.text("lastName"))
            if user_id is None:
                return _message(400, "Registration failed: Email already exists")
            token = accounts.issue_token(db, user_id, "EMAIL_VERIFICATION", VERIFICATION_HOURS, call.client)
            accounts.audit(db, "REGISTRATION", call.client, user_id)
        self.mailer.send_verification(email, token)
        return _message(201, "Registration successful", requiresEmailVerification=True)

    def verify_email(self, call: Call) -> Reply:
        token = call.text("token")
        if not token:
            return _message(400, "Verification token is required")
        if self.limiter.attempt("email_verification", call.client.address):
            return self._limited(call, "email_verification", "Too many email verification attempts")
        with self.pool.transaction() as db:
            user_id = accounts.use_token(db, token, "EMAIL_VERIFICATION")
            if user_id is None:
                return _message(400, "Invalid or expired verification token")
            accounts.verify_email(db, user_id)
            accounts.audit(db, "EMAIL_VERIFIED", call.client, user_id)
        return _message(200, "Email verified successfully")

    def login(self, call: Call) -> Reply:
        email, password = call.text("email").lower(), call.body.get("password")
        if not email or not isinstance(password, str) or not password:
            return _message(400, "Email and password are required")
        wait = self.limiter.attempt("login", call.client.address, email)
        if wait:
            message = f"Too many login attempts. Please try again in {wait} seconds."
            return self._limited(call, "login", message, {"Retry-After": str(wait)})
        with self.pool.transaction() as db:
            user = accounts.by_email(db, email)
        # No connection is held while the password is checked.
        right = matches(user["password_hash"] if user else None, password)
        refusal = _refusal(user, right)
        if refusal or not user:
            self._login_failed(call, user, refusal, wrong_password=not right)
            return _message(401, f"Login failed: {refusal}")
        return self._login_succeeded(call, user)

    def refresh(self, call: Call) -> Reply:
        token = call.text("refreshToken")
        if not token:
            return _message(400, "Refresh token is required")
        device = call.client.device
        try:
            user_id = int(self.tokens.read(token, "refresh", device)["sub"])
        except InvalidToken as error:
            return _message(401, f"Token refresh failed: {error}")
        sessions = [s for s in self.sessions.of_user(user_id) if s["deviceFingerprint"] == device]
        with self.pool.transaction() as db:
            user = accounts.by_id(db, user_id)
            if not sessions or user is None or user["account_status"] != "ACTIVE":
                return _message(401, "Token refresh failed: Session has ended")
            accounts.audit(db, "TOKEN_REFRESHED", call.client, user_id, session_id=sessions[-1]["sessionId"])
        return Reply(200, self._tokens_for(user, device))

    def logout(self, call: Call) -> Reply:
        self._end_sessions(call, call.user_id, only_this_device=True)
        with self.pool.transaction() as db:
            accounts.audit(db, "LOGOUT", call.client, call.user_id)
        return _message(200, "Logged out successfully")

    def forgot_password(self, call: Call) -> Reply:
        email = call.text("email").lower()
        if not email:
            return _message(400, "Email is required")
        if self.limiter.attempt("password_reset", call.client.address, email):
            return self._limited(call, "password_reset", "Too many password reset requests")
        with self.pool.transaction() as db:
            user = accounts.by_email(db, email)
            if user:
                token = accounts.issue_token(db, user["id"], "PASSWORD_RESET", RESET_HOURS, call.client)
        if user:
            self.mailer.send_reset(email, token)
        return _message(200, "If your email is registered, you will receive a password reset link")

    def reset_password(self, call: Call) -> Reply:
        token, password = call.text("token"), call.body.get("newPassword")
        if not token or not _acceptable(password):
            return _message(400, "A token and a new password of 8 to 128 characters are required")
        hashed = hash_password(str(password))
        with self.pool.transaction() as db:
            user_id = accounts.use_token(db, token, "PASSWORD_RESET")
            if user_id is None:
                return _message(400, "Invalid or expired reset token")
            accounts.change_password(db, user_id, hashed)
            accounts.audit(db, "PASSWORD_RESET", call.client, user_id)
        self._end_sessions(call, user_id, only_this_device=False)
        return _message(200, "Password reset successful")

    def mfa_status(self, call: Call) -> Reply:
        with self.pool.transaction() as db:
            types = accounts.mfa_types_of(db, call.user_id)
        return Reply(200, {"mfaEnabled": bool(types), "enabledTypes": types})

    def devices(self, call: Call) -> Reply:
        with self.pool.transaction() as db:
            return Reply(200, {"devices": accounts.devices_of(db, call.user_id)})

    def own_events(self, call: Call) -> Reply:
        with self.pool.transaction() as db:
            return Reply(200, {"content": accounts.audit_of(db, call.user_id, _size(call.query))})

    def high_risk(self, call: Call) -> Reply:
        with self.pool.transaction() as db:
            return Reply(200, accounts.high_risk_events(db, _size(call.query)))

    def internal_status(self, _: Call) -> Reply:
        return Reply(200, {"service": NAME, "status": "UP", "authenticated": True})

    def validate_user(self, call: Call) -> Reply:
        user = self._user_of_path(call)
        if user is None:
            return _message(404, "No such user")
        active = user["account_status"] == "ACTIVE" and user["email_verified"]
        return Reply(200, {"userId": str(user["id"]), "valid": active, "email": user["email"]})

    def validate_token(self, call: Call) -> Reply:
        token = call.text("token").removeprefix("Bearer ")
        try:
            claims = self.tokens.read(token, "access", call.text("deviceFingerprint") or call.client.device)
        except InvalidToken as error:
            return Reply(200, {"valid": False, "reason": str(error)})
        return Reply(200, {"valid": True, "issuer": ISSUER, "userId": claims["sub"]})

    def _login_failed(self, call: Call, user: Mapping[str, Any] | None, reason: str, *, wrong_password: bool) -> None:
        user_id = user["id"] if user else None
        with self.pool.transaction() as db:
            accounts.audit(db, "LOGIN_FAILED", call.client, user_id, status="FAILED", details=reason)
            if user and wrong_password and not user["locked"] and accounts.login_failed(db, user["id"]):
                accounts.audit(db, "ACCOUNT_LOCKED", call.client, user_id, status="BLOCKED")

    def _login_succeeded(self, call: Call, user: Mapping[str, Any]) -> Reply:
        client, user_id = call.client, user["id"]
        session_id = self.sessions.create(user_id, client.device, client.address, client.agent)
        with self.pool.transaction() as db:
            accounts.login_succeeded(db, user_id, client)
            accounts.session_began(db, user_id, session_id, client, LIFETIME_SECONDS)
            accounts.audit(db, "LOGIN_SUCCESS", client, user_id, session_id=session_id)
        return Reply(200, self._tokens_for(user, client.device))

    def _end_sessions(self, call: Call, user_id: int, *, only_this_device: bool) -> None:
        ended = [
            session
            for session in self.sessions.of_user(user_id)
            if not only_this_device or session["deviceFingerprint"] == call.client.device
        ]
        for session in ended:
            self.sessions.end(session)
        with self.pool.transaction() as db:
            for session in ended:
                accounts.session_ended(db, session["sessionId"])

    def _tokens_for(self, user: Mapping[str, Any], device: str) -> dict[str, Any]:
        return {
            "accessToken": self.tokens.issue("access", user, device),
            "refreshToken": self.tokens.issue("refresh", user, device),
            "tokenType": "Bearer",
            "expiresIn": int(self.settings.access_seconds),
            "user": _public(user),
            "requiresEmailVerification": False,
            "requiresMfa": False,
            "deviceFingerprint": device,
        }

    def _user_of_path(self, call: Call) -> Mapping[str, Any] | None:
        text = call.parameters["userId"]
        if not text.isdecimal() or len(text) > 18:
            return None
        with self.pool.transaction() as db:
            return accounts.by_id(db, int(text))

    def _limited(self, call: Call, name: str, message: str, headers: Mapping[str, str] | None = None) -> Reply:
        with self.pool.transaction() as db:
            accounts.limit_exceeded(db, name, call.client.address)
        return Reply(429, {"message": message}, headers or {})


def _message(status: int, message: str, **more: Any) -> Reply:
    return Reply(status, {"message": message} | more)


def _registration_errors(call: Call) -> dict[str, str]:
    wrong = {name: "must not be blank" for name in ("firstName", "lastName") if not call.text(name)}
    if not EMAIL.fullmatch(call.text("email")):
        wrong["email"] = "must be a well-formed email address"
    if not _acceptable(call.body.get("password")):
        wrong["password"] = "size must be between 8 and 128"
    return wrong


def _acceptable(password: object) -> bool:
    return isinstance(password, str) and len(password) in PASSWORD_LENGTH


def _refusal(user: Mapping[str, Any] | None, right_password: bool) -> str:
    """Why this account may not sign in; empty when it may."""
    if user is None:
        return "Invalid credentials"
    if user["locked"]:
        return "Account is locked"
    if not right_password:
        return "Invalid credentials"
    if user["account_status"] != "ACTIVE":
        return "Account is disabled"
    return "" if user["email_verified"] else "Email is not verified"


def _public(user: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": user["id"],
        "email": user["email"],
        "firstName": user["first_name"],
        "lastName": user["last_name"],
        "subscriptionTier": user["subscription_tier"],
        "kycStatus": user["kyc_status"],
        "emailVerified": user["email_verified"],
    }


def _size(query: Mapping[str, str]) -> int:
    size = query.get("size", "20")
    return min(int(size), 100) if size.isdecimal() and len(size) < 10 else 20
