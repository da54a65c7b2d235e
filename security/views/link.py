"""The page behind a link of the command line: a button, so that whatever looks at links in passing uses none up."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from accounts import http, limits
from security import allauth_glue, links, sudo


@login_not_required  # it is a way to sign in
@require_http_methods(["GET", "HEAD", "POST"])
def by_link(request: HttpRequest) -> HttpResponse:
    """Ask whether to sign in, and do it; where no second factor is to come, it opens the sudo window too."""
    token = request.GET.get(links.PARAMETER, "")
    try:
        tried = limits.take(limits.SETUP, http.network(request))
        user = links.claim(token) if request.method == "POST" else links.owner(token)
    except limits.TooManyTries as reached:
        return http.limited(request, reached, reset=False)
    except links.LinkInvalid:
        return render(request, "account/link_invalid.html", status=404)
    limits.give_back(tried)
    if request.method != "POST":
        return render(request, "account/link.html", {"owner": user})
    response = allauth_glue.sign_in(request, user, method="link")
    if request.user.is_authenticated:
        sudo.note(request, "link")
    return response
