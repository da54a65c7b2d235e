"""Sidebar settings come with the other settings areas; the modules themselves are in modules.py."""
