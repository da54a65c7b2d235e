"""Pages of this room."""

from django.urls import path

from privacy import views

urlpatterns = [
    path("", views.recording, name="settings_privacy"),
]
