"""Pages of this room."""

from django.urls import path

from sidebar import views

urlpatterns = [
    path("favicon.ico", views.favicon, name="favicon"),
    path("prefs/theme/", views.set_theme, name="set_theme"),
    path("prefs/language/", views.set_language, name="set_language"),
]
