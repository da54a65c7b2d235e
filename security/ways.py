"""The ways into an account: one of them must always be left."""

from accounts import identities
from accounts.models import User
from security import relying_party
from security.models import Passkey


def count(user: User, *, lock: bool = True) -> int:
    """Return how many ways lead into an account: a password, its passkeys and providers while they are on.

    With `lock`, the account's row is locked until the end of the transaction, so that two removals at once cannot
    each count the other's.
    """
    if lock:
        user = User.objects.select_for_update().get(pk=user.pk)
    keys = Passkey.objects.filter(user=user).count() if relying_party.enabled_for(user) else 0
    return identities.has_password(user) + keys + len(identities.usable(user))
