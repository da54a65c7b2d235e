"""CSV that stays text: no cell of it is taken for a formula by a spreadsheet."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

# what a spreadsheet begins to compute at, also in full width (OWASP, CSV injection)
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 (these very characters)


def cell(value: Any) -> str:
    """Return a value for a cell: numbers and moments as they are, text that looks like a formula behind a quote."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        return f"{value:f}" if isinstance(value, Decimal) else str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(FORMULA) or text.lstrip().startswith(FORMULA) else text
