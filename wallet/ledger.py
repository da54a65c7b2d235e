"""Money moved by pages, commands and the background: the synchronous twin of the group commit.

The same lock order (the wallet's row first) and the same guards. Each verb is a transaction, or part of the caller's.
"""

from dataclasses import dataclass

from django.db import connection, transaction

from common.money import LARGEST, NANO
from wallet.models import LedgerEntry, Wallet

Kind = LedgerEntry.Kind  # by which rooms above name an entry
DEFAULT_THRESHOLD = NANO  # a quota warning at $1.00
LONGEST_REFERENCE, LONGEST_NOTE = 80, 200  # characters; "credit:" is put before the reference of what pays back
NEW_ENTRY = """INSERT INTO wallet_ledgerentry (wallet_id, kind, amount, reference, note) VALUES (%s, %s, %s, %s, %s)
               ON CONFLICT (kind, reference) DO NOTHING"""
# flags belong to notifications, but turn in the same transaction as the money: SQL that crosses rooms, held by a test
NEW_THRESHOLD = """INSERT INTO notifications_threshold (user_id, amount, main, fired) VALUES (%s, %s, true, true)
                   ON CONFLICT DO NOTHING"""
REARM = "UPDATE notifications_threshold SET fired = false WHERE user_id = %s AND fired AND amount <= %s"


class NoWallet(Exception):
    """The account has no wallet: it was never opened, or the account is gone."""


class InvalidEntry(ValueError):
    """An entry that no ledger takes: its amount, its reference or its note."""


class InsufficientBalance(Exception):
    """The free balance does not cover the debit, or would lie below the new floor."""

    def __init__(self, needed: int, free: int) -> None:
        super().__init__(f"{needed} nano-USD needed, {free} free")
        self.needed = needed
        self.free = free


@dataclass(frozen=True, slots=True)
class Balance:
    """A wallet's money in nano-USD; `owed` is no part of the total."""

    free: int = 0
    held: int = 0
    owed: int = 0
    credit_limit: int = 0

    @property
    def total(self) -> int:
        """Return free + held."""
        return self.free + self.held


def balance(user_id: int) -> Balance:
    """Return an account's money; all zero if it has no wallet yet."""
    columns = ("balance", "held", "owed", "credit_limit")
    row = Wallet.objects.filter(pk=user_id).values_list(*columns).first()
    return Balance(*row) if row else Balance()


def total_locked(user_id: int) -> int:
    """Return an account's total, which stays what it is until the caller's transaction ends; 0 without a wallet."""
    wallet = Wallet.objects.select_for_update().filter(pk=user_id).first()
    return wallet.total if wallet else 0


@transaction.atomic
def open_wallet(user_id: int) -> None:
    """Make the wallet of an account, empty, with the default quota warning; nothing happens if it has one."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO wallet_wallet (user_id, balance, held, owed, credit_limit) VALUES (%s, 0, 0, 0, 0)
               ON CONFLICT DO NOTHING""",
            [user_id],
        )
        if cursor.rowcount:
            # fired: the total is below it already, so that only a credit above it arms the warning
            cursor.execute(NEW_THRESHOLD, [user_id, DEFAULT_THRESHOLD])


@transaction.atomic
def credit(
    user_id: int, amount: int, *, kind: LedgerEntry.Kind = LedgerEntry.Kind.CREDIT, reference: str, note: str = ""
) -> bool:
    """Add `amount` once per (kind, reference), paying back what is owed first; return False on a repeat.

    Quota warnings at or below the new total are armed again. Raises NoWallet, InvalidEntry.
    """
    _check(amount, reference=reference, note=note)
    wallet = _locked(user_id)
    back = min(wallet.owed, amount)
    total = wallet.total + amount - back
    if total > LARGEST:
        raise InvalidEntry("the balance would not fit in 63 bits")
    with connection.cursor() as cursor:
        cursor.execute(NEW_ENTRY, [user_id, kind, amount, reference, note])
        if not cursor.rowcount:
            return False
        if back:
            cursor.execute(NEW_ENTRY, [user_id, LedgerEntry.Kind.OWED, -back, f"{kind}:{reference}", note])
        cursor.execute(
            "UPDATE wallet_wallet SET balance = balance + %s, owed = owed - %s WHERE user_id = %s",
            [amount - back, back, user_id],
        )
        cursor.execute(REARM, [user_id, total])
    return True


@transaction.atomic
def debit(
    user_id: int, amount: int, *, kind: LedgerEntry.Kind = LedgerEntry.Kind.DEBIT, reference: str, note: str = ""
) -> bool:
    """Take `amount` from the free balance once per (kind, reference); return False on a repeat.

    Raises NoWallet, InvalidEntry, and InsufficientBalance where the floor would be passed.
    """
    _check(amount, reference=reference, note=note)
    wallet = _locked(user_id)
    with connection.cursor() as cursor:
        cursor.execute(NEW_ENTRY, [user_id, kind, -amount, reference, note])
        if not cursor.rowcount:
            return False
        cursor.execute(
            """UPDATE wallet_wallet SET balance = balance - %s
               WHERE user_id = %s AND balance + credit_limit >= %s""",
            [amount, user_id, amount],
        )
        if not cursor.rowcount:
            raise InsufficientBalance(amount, wallet.balance)
    return True


@transaction.atomic
def set_credit_limit(user_id: int, amount: int) -> None:
    """Let the free balance fall to -`amount`.

    Raises NoWallet, InvalidEntry, and InsufficientBalance if it is lower already.
    """
    if not 0 <= amount <= LARGEST:
        raise InvalidEntry("a credit limit is zero or above, and below 2^63 nano-USD")
    wallet = _locked(user_id)
    if not Wallet.objects.filter(pk=user_id, balance__gte=-amount).update(credit_limit=amount):
        raise InsufficientBalance(-amount, wallet.balance)


def _check(amount: int, *, reference: str, note: str) -> None:
    if type(amount) is not int or not 0 < amount <= LARGEST:  # a bool is an int to isinstance
        raise InvalidEntry("an amount is whole nano-USD, above zero and below 2^63")
    if not 0 < len(reference) <= LONGEST_REFERENCE or "\0" in reference:
        raise InvalidEntry(f"a reference has 1 to {LONGEST_REFERENCE} characters")
    if len(note) > LONGEST_NOTE or "\0" in note:
        raise InvalidEntry(f"a note has at most {LONGEST_NOTE} characters")


def _locked(user_id: int) -> Wallet:
    """Return the wallet under its row's lock. On SQLite the transaction has locked the whole file already."""
    wallet = Wallet.objects.select_for_update().filter(pk=user_id).first()
    if wallet is None:
        raise NoWallet(f"account {user_id} has no wallet")
    return wallet
