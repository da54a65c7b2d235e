"""The frame of every page: sidebar, theme, language, banner, and the parts templates are made of."""

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from sidebar.context_processors import initials, shell


@pytest.fixture
def frame(user):
    """Render base.html (or another template) for a request to `path`."""

    def render(path="/keys/", *, template="base.html", **cookies):
        request = RequestFactory().get(path)
        request.COOKIES.update(cookies)
        request.user = user
        return render_to_string(template, request=request)

    return render


def test_frame_names_the_page_language_and_theme(frame):
    page = frame(theme="dark")

    assert '<html lang="en" data-theme="dark">' in page
    assert 'href="#main"' in page
    assert "mei" in page


@pytest.mark.parametrize("cookie", ["", "purple", '"><script>'])
def test_unknown_theme_follows_the_system(frame, cookie):
    assert "data-theme" not in frame(theme=cookie)


@pytest.mark.parametrize(
    ("name", "letters"), [("mei.lin", "ML"), ("mei", "ME"), ("a_b", "AB"), ("x", "X"), ("--", "--")]
)
def test_initials_stand_for_a_name(name, letters):
    assert initials(name) == letters


def test_frame_renders_for_a_request_without_a_user():
    assert shell(RequestFactory().get("/"))["initials"] == ""
    assert "card" in render_to_string("base_plain.html", request=RequestFactory().get("/"))


def test_icon_is_found_where_browsers_look_for_it(client):
    assert client.get("/favicon.ico").headers["Location"] == "/static/img/mark.svg"
