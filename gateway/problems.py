"""What an upstream says a client did wrong: relayed in its own words, and never charged."""

from django.http import HttpResponse

from gateway import answers
from gateway.errors import UpstreamFailed, UpstreamRefused
from gateway.opencall import OpenCall
from gateway.relay import Answer


def is_problem(answer: Answer) -> bool:
    """Return whether the upstream refused the request."""
    return answer.status >= 400  # noqa: PLR2004 (RFC 9110 15.5)


def reason(answer: Answer) -> UpstreamFailed | UpstreamRefused:
    """Return our own words for it, which logs may keep."""
    if "html" in answer.headers.get("content-type", ""):  # a proxy's or a web site's page, not an API's answer
        return UpstreamFailed("The channel of the model is not set up as it should be. Tell the operator.")
    return UpstreamRefused("The upstream refused the request.", status=answer.status)


async def relay_problem(opened: OpenCall, answer: Answer) -> HttpResponse:
    """Return the upstream's own status and body; the hold is given back."""
    refusal = reason(answer)
    await opened.fail(refusal, channel=answer.candidate.channel)
    if isinstance(refusal, UpstreamFailed):
        return answers.refused(refusal)
    content_type = answer.headers.get("content-type", answers.JSON)
    return HttpResponse(await answer.read(), status=answer.status, content_type=content_type)
