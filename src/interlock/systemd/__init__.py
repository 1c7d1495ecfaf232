"""The sensor as a service of systemd."""
