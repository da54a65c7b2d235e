"""Hostile input at scale."""
