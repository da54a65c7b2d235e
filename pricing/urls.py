"""Pages of this room."""

from django.urls import path

from pricing import views

urlpatterns = [
    path("", views.safeguard, name="settings_pricing"),
    path("accept/", views.accept, name="pricing_accept"),
    path("reviewed/", views.reviewed, name="pricing_reviewed"),
]
