"""Set and list prices, in USD per million tokens."""

import json
from typing import Annotated

from django_typer.management import command
from typer import Argument, BadParameter, Exit, Option

from common.commands import ConsoleCommand
from common.money import from_usd, plain
from pricing import prices
from pricing.models import Price

COLUMNS = ("input", "output", "cached_input", "cache_write", "reasoning", "per_call")


def usd(text: str) -> int:
    """Return nano-USD. Raises BadParameter for what is not an amount."""
    try:
        return from_usd(text)
    except ValueError as error:
        raise BadParameter(f"{error}.") from error


def rate(words: str) -> object:
    """Return the option of an optional rate."""
    return Option(parser=usd, metavar="USD", help=words, show_default=False)


class Command(ConsoleCommand):
    """Prices of models: what the gate charges."""

    help = (
        "Set and list what models cost. Prices of the makers' own models are loaded from a bundled list by quickstart; "
        "what is set here stands above them and stays."
    )

    @command(name="set")
    def change(
        self,
        model: Annotated[str, Argument(help="The name that clients use.")],
        channel: Annotated[str, Option(help="Only on this channel.")] = "",
        price_in: Annotated[
            int | None, Option("--input", parser=usd, metavar="USD", help="Per million tokens.")
        ] = None,
        output: Annotated[int | None, rate("Per million tokens.")] = None,
        cached_input: Annotated[int | None, rate("Per million tokens read from a cache; else --input.")] = None,
        cache_write: Annotated[int | None, rate("Per million tokens written to a cache; else --input.")] = None,
        reasoning: Annotated[int | None, rate("Per million reasoning tokens; else --output.")] = None,
        per_call: Annotated[int | None, rate("For each call, on top.")] = None,
        per_image: Annotated[int | None, rate("For each image.")] = None,
        per_second: Annotated[int | None, rate("For each second.")] = None,
        context: Annotated[int | None, Option(help="Context window in tokens.")] = None,
        max_output: Annotated[int | None, Option(help="Longest output in tokens.")] = None,
        free: Annotated[bool, Option("--free", help="Calls cost nothing; instead of rates.")] = False,
        as_json: Annotated[bool, Option("--json", help="Print the price as JSON.")] = False,
    ) -> None:
        """Set what the model costs from now on; the old price stays in the history."""
        rates = (price_in, output, cached_input, cache_write, reasoning, per_call, per_image, per_second)
        try:
            if free and all(each is None for each in rates):
                row = prices.set_free(model, channel, context=context, max_output=max_output)
            elif price_in is None or output is None or free:
                raise BadParameter("Give --input and --output, or --free alone.")
            else:
                row = prices.set_price(
                    model,
                    channel,
                    input=price_in,
                    output=output,
                    cached_input=cached_input,
                    cache_write=cache_write,
                    reasoning=reasoning,
                    per_call=per_call,
                    per_image=per_image,
                    per_second=per_second,
                    context=context,
                    max_output=max_output,
                )
        except prices.InvalidPrice as error:
            self.secho(str(error), fg="red", err=True)
            raise Exit(1) from error
        self.echo(json.dumps(_facts(row), indent=2) if as_json else f"{row}: {_words(row)}")

    @command(name="list")
    def show(
        self,
        part: Annotated[str, Argument(help="Only models with this in their name.")] = "",
        channel: Annotated[str | None, Option(help="Only prices of this channel.")] = None,
        history: Annotated[bool, Option("--history", help="Superseded prices too, oldest first.")] = False,
        as_json: Annotated[bool, Option("--json", help="Print the prices as JSON.")] = False,
    ) -> None:
        """List the prices that hold now."""
        found = Price.objects.all() if history else Price.objects.live()
        if channel is not None:
            found = found.filter(channel=channel)
        rows = list(found.filter(model__icontains=part).order_by("model", "channel", "pk"))
        if as_json:
            self.echo(json.dumps([_facts(row) for row in rows], indent=2))
        elif rows:
            self._table(
                [("MODEL", *(name.replace("_", " ").upper() for name in COLUMNS), "SOURCE"), *map(_cells, rows)]
            )
        else:
            self.secho("No price found. Set one: manage.py price set MODEL --input USD --output USD", err=True)

    def _table(self, lines: list[tuple[str, ...]]) -> None:
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line in lines:
            self.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _words(row: Price) -> str:
    if row.state == Price.State.FREE:
        return "free"
    return f"${plain(row.input)} in, ${plain(row.output)} out per million tokens"


def _cells(row: Price) -> tuple[str, ...]:
    note = row.source if row.superseded_at is None else f"{row.source}, until {row.superseded_at:%Y-%m-%d %H:%M}"
    if row.state == Price.State.FREE:
        return (str(row), "free", *[""] * (len(COLUMNS) - 1), note)
    return (str(row), *("" if (nano := getattr(row, name)) is None else plain(nano) for name in COLUMNS), note)


def _facts(row: Price) -> dict[str, object]:
    """Return a price for programs: USD as decimal strings, None where there is no such rate."""
    rates = {f"{name}_usd": None if (nano := getattr(row, name)) is None else plain(nano) for name in prices.RATES}
    tiers = [
        {"above": each["above"], **{f"{name}_usd": plain(nano) for name, nano in each.items() if name != "above"}}
        for each in row.tiers
    ]
    return {
        "model": row.model,
        "channel": row.channel,
        "state": row.state,
        **rates,
        "tiers": tiers,
        "context": row.context,
        "max_output": row.max_output,
        "source": row.source,
        "valid_from": row.created_at.isoformat(),
        "superseded_at": row.superseded_at and row.superseded_at.isoformat(),
    }
