"""Money is an integer of nano-USD (10^-9 $); this is where it meets decimals and people."""

from decimal import ROUND_HALF_UP, Decimal

NANO = 10**9
CENT, MICRO = NANO // 100, 1000
LARGEST = 2**63 - 1


def from_usd(usd: Decimal | str) -> int:
    """Return nano-USD for a decimal of dollars.

    Raises ValueError for anything but a finite number with at most nine decimals that fits in 63 bits.
    """
    try:
        nano = Decimal(usd) * NANO
    except ArithmeticError as error:  # no number, or one with an exponent beyond all measure
        raise ValueError(f"{usd!r} is not an amount in USD") from error
    if not nano.is_finite() or nano != nano.to_integral_value() or abs(nano) > LARGEST:
        raise ValueError(f"{usd!r} is not an amount in USD with at most nine decimals")
    return int(nano)


def to_decimal(nano: int) -> Decimal:
    """Return dollars, exact."""
    return Decimal(nano).scaleb(-9)


def plain(nano: int) -> str:
    """Return dollars for a program: exact, without an exponent, at least two decimals ("0.00042", "3.40")."""
    whole, fraction = divmod(abs(nano), NANO)
    return f"{'-' if nano < 0 else ''}{whole}.{f'{fraction:09d}'.rstrip('0'):0<2}"


def usd(nano: int, *, digits: int = 2) -> str:
    """Return dollars for a person ("$1,234.50", "-$0.10"); `digits` decimals, rounded half up."""
    rounded = to_decimal(abs(nano)).quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return f"{'-' if nano < 0 and rounded else ''}${rounded:,f}"


def small(nano: int) -> str:
    """Return dollars for a person with as many decimals as a single call needs ("$0.000342", "$12.40")."""
    digits = 2 if abs(nano) >= NANO or nano == 0 else 6 if abs(nano) >= MICRO else 9
    return usd(nano, digits=digits)


def amount(nano: int) -> str:
    """Return dollars and cents, with more decimals only where there would be no cents ("$25.00", "$0.000342")."""
    return usd(nano) if nano == 0 or abs(nano) >= CENT else small(nano)
