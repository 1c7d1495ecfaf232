"""Zones and conduits as a picture: what it shows, how two of them differ, where everything stands. Texts: `report`."""
