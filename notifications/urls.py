"""Pages of this room."""

from django.urls import path

from notifications import delivery_views, views

urlpatterns = [
    path("", views.page, name="settings_notifications"),
    path("deliveries/", delivery_views.index, name="deliveries"),
    path("deliveries/<int:pk>/", delivery_views.show, name="delivery"),
    path("deliveries/<int:pk>/again/", delivery_views.repeat, name="delivery_repeat"),
    path("address/<str:token>/", delivery_views.address, name="notification_address"),
    path("webhook/rotate/", views.rotate, name="webhook_rotate"),
    path("<slug:kind>/", views.card, name="method_card"),
    path("<slug:kind>/save/", views.save, name="method_save"),
    path("<slug:kind>/test/", views.test, name="method_test"),
    path("<slug:kind>/remove/", views.remove, name="method_remove"),
]
