"""What people and neighbours get to see of a run: files, a terminal summary, one HTML page, a comparison."""
