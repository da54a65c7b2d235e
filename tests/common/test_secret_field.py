"""Secrets in forms: what is stored never comes back."""

from django import forms

from common.secret_field import SecretField


class SecretForm(forms.Form):
    secret = SecretField(label="secret")


def test_what_is_stored_is_never_sent_to_a_browser():
    for form in (SecretForm(initial={"secret": "sk-stored"}), SecretForm({"secret": "sk-typed"})):
        page = form.as_p()
        assert "sk-" not in page
        assert 'type="password"' in page
        assert 'autocomplete="new-password"' in page
        assert "Leave it empty to keep the one that is stored." in page


def test_an_empty_one_is_taken_and_means_the_stored_one():
    form = SecretForm({"secret": ""})
    assert form.is_valid()
    assert form.cleaned_data == {"secret": ""}


def test_a_form_may_ask_for_more():
    class Strict(forms.Form):
        secret = SecretField(label="secret", strip=False, required=True, help_text="Say it.")

    assert not Strict({"secret": ""}).is_valid()
    form = Strict({"secret": " a "})
    assert form.is_valid()
    assert form.cleaned_data == {"secret": " a "}
    assert "Say it." in form.as_p()
