"""GOOSE: events of a substation to a group, on the link and (routed) over UDP."""
