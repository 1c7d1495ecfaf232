"""Sets of rules and their life: kept in force, chosen from, tried in silence, counted."""
