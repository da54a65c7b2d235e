"""Which admin site is the one: found by Django before any model is loaded."""

from django.contrib.admin.apps import AdminConfig


class TollgateAdminConfig(AdminConfig):
    default_site = "config.adminsite.TollgateAdminSite"
