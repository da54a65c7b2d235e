"""Pages of this room."""

from django.urls import path

from sidebar import settings_views, views

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("settings/sidebar/", settings_views.page, name="settings_sidebar"),
    path("settings/sidebar/preview/", settings_views.preview, name="settings_sidebar_preview"),
    path("prefs/theme/", views.set_theme, name="set_theme"),
    path("prefs/language/", views.set_language, name="set_language"),
]
