"""The operator's policy of modules."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from common.admin import PolicyAdmin
from sidebar.models import SidebarPolicy
from sidebar.modules import MODULES, SETTINGS

KEYS = tuple(module.key for module in MODULES if module.key != SETTINGS)


@admin.register(SidebarPolicy)
class SidebarPolicyAdmin(PolicyAdmin):
    """Each module by a switch, for everybody, from the next request on."""

    fieldsets = (
        (
            None,
            {
                "fields": KEYS,
                "description": _(
                    "Off: the module's pages and its calls of /api answer 404 for every account, and people read why."
                    " /v1 is not touched: keys go on working. Settings can't be turned off."
                ),
            },
        ),
    )
