"""What is written to and read from PostgreSQL. Every function works inside the caller's transaction."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from psycopg import Connection
from psycopg.rows import DictRow

LOCK_AFTER_FAILURES = 5
LOCK_MINUTES = 30
_SELECT_USER = """
    SELECT u.id, u.email, u.password_hash, u.first_name, u.last_name, u.account_status, u.kyc_status,
           u.subscription_tier, u.email_verified, u.created_at,
           coalesce(u.account_locked_until > now(), false) AS locked,
           coalesce((SELECT string_agg('ROLE_' || r.role_name, ',' ORDER BY r.role_name)
                     FROM user_role_assignments a JOIN user_roles r ON r.id = a.role_id
                     WHERE a.user_id = u.id), '') AS authorities
    FROM users u
"""


@dataclass(frozen=True)
class Client:
    """Where a request came from, as far as rows keep it."""

    address: str
    agent: str
    device: str
    correlation_id: str


def by_email(db: Connection[DictRow], email: str) -> DictRow | None:
    return db.execute(_SELECT_USER + "WHERE u.email = lower(%s)", [email]).fetchone()


def by_id(db: Connection[DictRow], user_id: int) -> DictRow | None:
    return db.execute(_SELECT_USER + "WHERE u.id = %s", [user_id]).fetchone()


def create(db: Connection[DictRow], email: str, password_hash: str, first: str, last: str) -> int | None:
    """The new account's id with role USER, or None when the e-mail is taken."""
    row = db.execute(
        "INSERT INTO users (email, password_hash, first_name, last_name) VALUES (lower(%s), %s, %s, %s)"
        " ON CONFLICT (email) DO NOTHING RETURNING id",
        [email, password_hash, first, last],
    ).fetchone()
    if row is None:
        return None
    user_id: int = row["id"]
    db.execute("INSERT INTO user_profiles (user_id) VALUES (%s)", [user_id])
    db.execute(
        "INSERT INTO user_role_assignments (user_id, role_id) SELECT %s, id FROM user_roles WHERE role_name = 'USER'",
        [user_id],
    )
    _remember_password(db, user_id, password_hash)
    return user_id


def change_password(db: Connection[DictRow], user_id: int, password_hash: str) -> None:
    db.execute(
        "UPDATE users SET password_hash = %s, failed_login_attempts = 0, account_locked_until = NULL,"
        " updated_at = now() WHERE id = %s",
        [password_hash, user_id],
    )
    _remember_password(db, user_id, password_hash)


def _remember_password(db: Connection[DictRow], user_id: int, password_hash: str) -> None:
    db.execute("INSERT INTO password_history (user_id, password_hash) VALUES (%s, %s)", [user_id, password_hash])


def login_failed(db: Connection[DictRow], user_id: int) -> bool:
    """Count a wrong password; True when it locked the account."""
    row = db.execute(
        "UPDATE users SET failed_login_attempts = failed_login_attempts + 1, account_locked_until ="
        " CASE WHEN failed_login_attempts + 1 >= %s THEN now() + make_interval(mins => %s) END"
        " WHERE id = %s RETURNING account_locked_until",
        [LOCK_AFTER_FAILURES, LOCK_MINUTES, user_id],
    ).fetchone()
    return row is not None and row["account_locked_until"] is not None


def login_succeeded(db: Connection[DictRow], user_id: int, client: Client) -> None:
    db.execute(
        "UPDATE users SET failed_login_attempts = 0, account_locked_until = NULL, last_login_at = now(),"
        " last_login_ip = %s WHERE id = %s",
        [client.address, user_id],
    )
    db.execute(
        "INSERT INTO user_devices (user_id, device_fingerprint, user_agent) VALUES (%s, %s, %s)"
        " ON CONFLICT (user_id, device_fingerprint) DO UPDATE SET last_seen_at = now()",
        [user_id, client.device, client.agent],
    )


def session_began(db: Connection[DictRow], user_id: int, session_id: str, client: Client, seconds: int) -> None:
    db.execute(
        "INSERT INTO user_sessions (session_id, user_id, device_fingerprint, ip_address, user_agent,"
        " expires_at) VALUES (%s, %s, %s, %s, %s, now() + make_interval(secs => %s))",
        [session_id, user_id, client.device, client.address, client.agent, seconds],
    )


def session_ended(db: Connection[DictRow], session_id: str) -> None:
    db.execute("UPDATE user_sessions SET active = false, ended_at = now() WHERE session_id = %s", [session_id])


def issue_token(db: Connection[DictRow], user_id: int, kind: str, hours: int, client: Client) -> str:
    """A single-use token, kept readable as the original keeps it."""
    token = secrets.token_urlsafe(32)
    db.execute(
        "INSERT INTO verification_tokens (user_id, token, token_type, expires_at, ip_address, user_agent)"
        " VALUES (%s, %s, %s, now() + make_interval(hours => %s), %s, %s)",
        [user_id, token, kind, hours, client.address, client.agent],
    )
    return token


def use_token(db: Connection[DictRow], token: str, kind: str) -> int | None:
    """The account that the token was for, or None when it is unknown, used or expired."""
    row = db.execute(
        "UPDATE verification_tokens SET used_at = now() WHERE token = %s AND token_type = %s"
        " AND used_at IS NULL AND expires_at > now() RETURNING user_id",
        [token, kind],
    ).fetchone()
    return row["user_id"] if row else None


def verify_email(db: Connection[DictRow], user_id: int) -> None:
    db.execute("UPDATE users SET email_verified = true, updated_at = now() WHERE id = %s", [user_id])


def limit_exceeded(db: Connection[DictRow], name: str, subject: str) -> None:
    db.execute("INSERT INTO rate_limit_violations (limit_name, subject) VALUES (%s, %s)", [name, subject])


def audit(
    db: Connection[DictRow],
    event: str,
    client: Client,
    user_id: int | None,
    *,
    status: str = "SUCCESS",
    details: str = "",
    session_id: str | None = None,
) -> None:
    db.execute(
        "INSERT INTO auth_audit_log (user_id, event_type, event_status, ip_address, user_agent,"
        " device_fingerprint, details, session_id, correlation_id, risk_score)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [
            user_id,
            event,
            status,
            client.address,
            client.agent,
            client.device,
            details,
            session_id,
            client.correlation_id,
            75 if event == "ACCOUNT_LOCKED" else 0,
        ],
    )


def audit_of(db: Connection[DictRow], user_id: int, count: int) -> list[dict[str, Any]]:
    return db.execute(
        "SELECT id, event_type, event_status, ip_address, correlation_id, created_at FROM auth_audit_log"
        " WHERE user_id = %s ORDER BY id DESC LIMIT %s",
        [user_id, count],
    ).fetchall()


def high_risk_events(db: Connection[DictRow], count: int) -> list[dict[str, Any]]:
    return db.execute(
        "SELECT id, user_id, event_type, event_status, ip_address, risk_score, created_at"
        " FROM auth_audit_log WHERE risk_score >= 75 ORDER BY id DESC LIMIT %s",
        [count],
    ).fetchall()


def devices_of(db: Connection[DictRow], user_id: int) -> list[dict[str, Any]]:
    return db.execute(
        "SELECT device_fingerprint, user_agent, trusted, first_seen_at, last_seen_at FROM user_devices"
        " WHERE user_id = %s ORDER BY last_seen_at DESC",
        [user_id],
    ).fetchall()


def mfa_types_of(db: Connection[DictRow], user_id: int) -> list[str]:
    rows = db.execute(
        "SELECT mfa_type FROM mfa_configuration WHERE user_id = %s AND enabled ORDER BY mfa_type", [user_id]
    ).fetchall()
    return [row["mfa_type"] for row in rows]
