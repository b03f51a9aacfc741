"""The scaled service: PostgreSQL, and any number of workers on any number of machines. Its libraries come with amends[scale]."""
