"""The commands, one file for each group of them. A file is imported only when one of its commands is typed."""
