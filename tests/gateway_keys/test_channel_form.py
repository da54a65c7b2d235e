"""The form of a channel in admin."""

import json

from gateway.channel_forms import ChannelForm
from gateway.models import Channel


def test_names_of_stored_headers_are_shown_as_text():
    form = ChannelForm(instance=Channel(headers=json.dumps({"<script>alert(1)</script>": "secret", "X-Title": "t"})))
    hint = str(form.fields["headers"].help_text)
    assert "&lt;script&gt;" in hint
    assert "<" not in hint
    assert "X-Title" in hint
    assert "secret" not in hint.replace("stored encrypted", "")


def test_a_channel_without_headers_says_so():
    assert "none" in str(ChannelForm(instance=Channel(headers="{}")).fields["headers"].help_text)
