"""How and when a person is told: thresholds of the balance, methods, and the outbox of everything that leaves."""

from notifications.models.delivery import Delivery
from notifications.models.method import Method
from notifications.models.threshold import Threshold

__all__ = ["Delivery", "Method", "Threshold"]
