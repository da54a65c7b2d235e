"""Pages of this room."""

from django.urls import path

from gateway import key_pages

urlpatterns = [
    path("keys/", key_pages.index, name="keys"),
    path("keys/new/", key_pages.create, name="key_new"),
    path("keys/<int:pk>/disable/", key_pages.disable, name="key_disable"),
    path("keys/<int:pk>/enable/", key_pages.enable, name="key_enable"),
    path("keys/<int:pk>/delete/", key_pages.delete, name="key_delete"),
]
