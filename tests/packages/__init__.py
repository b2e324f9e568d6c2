"""The packages: the command, and the plugin of pytest."""
