"""The policy written for firewalls: one file per target, each fed the same plan of what may pass at layers 2 to 4."""
