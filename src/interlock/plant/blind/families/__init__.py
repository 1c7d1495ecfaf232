"""Families of attacks, one file per protocol or place; `blind/table.py` lists them.

Each draws an attack by its general pattern, as public data sets, tools and reports of incidents describe it: whom it
reaches, by which functions and values, how fast and in which order is drawn anew each time.
"""
