"""Pages of this room."""

from django.urls import path

from usage import views

urlpatterns = [
    path("logs/usage/", views.usage_log, name="usage_log"),
]
