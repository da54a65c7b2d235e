"""What an account may take along of this room."""

from accounts.models import User
from common.tables import Table, columns
from sidebar.models import SidebarSettings


def tables(user: User) -> list[Table]:
    """Return what an account hides; nothing where it left the default."""
    return [Table("sidebar_settings", SidebarSettings.objects.filter(user=user), columns("hidden"))]
