"""Pages of this room."""

from django.urls import path

from accounts import views

urlpatterns = [path("settings/profile/", views.profile, name="settings_profile")]
