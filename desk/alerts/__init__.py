"""Alerts: a mail at once when a site cannot be seen or an approved reply does not go out."""
