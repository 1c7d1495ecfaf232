"""The site file's zones and conduits as a detector: what happens although no conduit allows it."""
