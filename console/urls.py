"""Pages that compose several rooms."""

from django.urls import path
from django.views.generic import RedirectView

from console import delete_views, hub_views, privacy_views, setup_views, views

urlpatterns = [
    path("setup/", setup_views.first_run, name="setup"),
    path("", RedirectView.as_view(pattern_name="overview"), name="home"),
    path("overview/", views.home, name="overview"),
    path("settings/privacy/", privacy_views.page, name="settings_privacy"),
    path("settings/privacy/addresses/", privacy_views.progress, name="erasure"),
    path("settings/privacy/addresses/erase/", privacy_views.begin, name="erasure_begin"),
    path("settings/delete/", delete_views.page, name="settings_delete"),
    path("settings/delete/continue/", delete_views.proceed, name="settings_delete_proceed"),
    path("settings/delete/export/", delete_views.progress, name="export"),
    path("settings/delete/export/new/", delete_views.begin, name="export_begin"),
    path("settings/delete/export/<int:pk>/", delete_views.download, name="export_download"),
    path("accounts/deleted/", delete_views.deleted, name="account_deleted"),
    path("settings/", hub_views.index, name="settings"),
    path("settings/checkup/", hub_views.item, name="checkup_item"),
]
