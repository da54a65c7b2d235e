"""Add, list, test and switch channels."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated

from django.core.management import CommandError
from django_typer.management import command
from rich.console import Console
from rich.table import Table
from typer import Argument, BadParameter, Exit, Option

from common.commands import ConsoleCommand
from gateway import channels, probe
from gateway.channel_rules import InvalidChannel
from gateway.models import Channel

Name = Annotated[str, Argument(help="Name of the channel.")]
AsJson = Annotated[bool, Option("--json", help="Print JSON.")]


class Command(ConsoleCommand):
    """Channels: the upstreams that answer calls."""

    help = "Add, list, test and switch channels: the upstreams that answer calls. Their keys are never printed."

    @command()
    def add(
        self,
        name: Name,
        base_url: Annotated[str, Option(help="With or without /v1.", metavar="URL")],
        models: Annotated[str, Option(help="Names with commas between; a=b where the upstream calls a b.")],
        kind: Annotated[str, Option(help="openai")] = Channel.Kind.OPENAI.value,
        priority: Annotated[int, Option(help="Higher first.")] = 0,
        weight: Annotated[int, Option(min=0, help="Share of the calls among equals.")] = 1,
        header: Annotated[list[str] | None, Option(help="'Name: value', sent with every call; repeatable.")] = None,
        api_key_stdin: Annotated[
            bool, Option("--api-key-stdin", help="Read upstream keys from standard input, one a line.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Add a channel; it answers calls at once."""
        if kind != Channel.Kind.OPENAI:
            raise BadParameter("the only kind so far is openai", param_hint="--kind")
        draft = channels.Draft(
            name=name,
            base_url=base_url,
            models=_models(models),
            kind=kind,
            priority=priority,
            weight=weight,
            headers=_headers(header or []),
        )
        secrets = [line for line in sys.stdin.read().splitlines() if line.strip()] if api_key_stdin else []
        if api_key_stdin and not secrets:
            raise CommandError("There is no key on standard input.")
        try:
            channel = channels.add(draft, secrets=secrets)
        except InvalidChannel as refusal:
            raise CommandError(str(refusal)) from refusal
        self.echo(json.dumps(_json(channel)) if as_json else f"Added {channel.name} with {len(draft.models)} model(s).")

    @command("list")
    def show(self, as_json: AsJson = False) -> None:
        """List the channels."""
        rows = Channel.objects.order_by("-priority", "name").prefetch_related("routes", "keys")
        if as_json:
            self.echo(json.dumps([_json(row) for row in rows], indent=2))
            return
        table = Table()
        for title in ("Name", "Base URL", "Models", "Keys", "Priority", "Weight", "State"):
            table.add_column(title, overflow="fold")
        for row in rows:
            models = ", ".join(sorted(route.model for route in row.routes.all()))
            keys = ", ".join(f"…{key.suffix} {key.state}" for key in row.keys.all()) or "none"
            state = "enabled" if row.enabled else "disabled"
            table.add_row(row.name, row.base_url or "built in", models, keys, str(row.priority), str(row.weight), state)
        console = Console()
        with console.capture() as printed:
            console.print(table)
        self.echo(printed.get())

    @command()
    def test(self, name: Name, as_json: AsJson = False) -> None:
        """Try each key of a channel with a tiny live call; exit status 1 if one does not work."""
        try:
            results = probe.test(_find(name))
        except InvalidChannel as refusal:
            raise CommandError(str(refusal)) from refusal
        if as_json:
            self.echo(json.dumps([{"key": one.key, "works": one.works, "words": one.words} for one in results]))
        else:
            for one in results:
                self.echo(f"{f'…{one.key}: ' if one.key else ''}{one.words}")
        if not all(one.works for one in results):
            raise Exit(1)

    @command()
    def enable(self, name: Name) -> None:
        """Let a channel answer calls again, with all of its keys."""
        channels.enable(_find(name))
        self.echo(f"Enabled {name}.")

    @command()
    def disable(self, name: Name) -> None:
        """Let a channel answer no further calls."""
        channels.disable(_find(name))
        self.echo(f"Disabled {name}.")


def _find(name: str) -> Channel:
    try:
        return channels.find(name)
    except channels.UnknownChannel as missing:
        raise CommandError(str(missing)) from missing


def _models(text: str) -> Mapping[str, str]:
    """Return {name for clients: name upstream} of "a,b=upstream-b"."""
    pairs = [item.strip().partition("=") for item in text.split(",") if item.strip()]
    models = {model.strip(): upstream.strip() if equals else model.strip() for model, equals, upstream in pairs}
    if len(models) < len(pairs):
        raise BadParameter("a model is named twice", param_hint="--models")
    return models


def _headers(lines: list[str]) -> Mapping[str, str]:
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadParameter("write it as 'Name: value'", param_hint="--header")
        headers[name.strip()] = value.strip()
    return headers


def _json(channel: Channel) -> dict[str, object]:
    return {
        "name": channel.name,
        "kind": channel.kind,
        "base_url": channel.base_url,
        "models": {route.model: route.upstream_model or route.model for route in channel.routes.all()},
        "keys": [
            {"suffix": key.suffix, "state": key.state, "last_error": key.last_error} for key in channel.keys.all()
        ],
        "headers": sorted(json.loads(channel.headers)),
        "priority": channel.priority,
        "weight": channel.weight,
        "enabled": channel.enabled,
    }
