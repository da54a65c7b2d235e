"""Browsers in the reader's language."""

from django import template

from security import agents

register = template.Library()
register.filter("spoken", agents.spoken)
