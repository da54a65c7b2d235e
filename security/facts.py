"""What an account signs in with and where it is signed in, for operators: names, numbers and times, no secret."""

from accounts.models import User
from security import factors, policy, recovery, sessions
from security.models import Passkey

Facts = dict[str, object]


def describe(user: User) -> Facts:
    """Return it for programs."""
    due = policy.required_from(user)
    return {
        "second_factor": {
            "app": factors.enabled(user),
            "recovery_codes_left": recovery.left(user),
            "required_from": due and due.isoformat(),
        },
        "passkeys": [
            {
                "name": passkey.name,
                "created_at": passkey.created_at.isoformat(),
                "last_used_at": passkey.last_used_at and passkey.last_used_at.isoformat(),
                "suspect": passkey.suspect_at is not None,
            }
            for passkey in Passkey.objects.filter(user=user).order_by("pk")
        ],
        "tokens": [
            {
                "name": token.name,
                "hint": token.hint,
                "scopes": token.scopes,
                "expires_at": token.expires_at.isoformat(),
                "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
            }
            for token in user.access_tokens.order_by("pk")
        ],
        "sessions": [
            {"agent": row.agent, "created_at": row.created_at.isoformat(), "seen_at": row.seen_at.isoformat()}
            for row in sessions.of(user)
        ],
    }
