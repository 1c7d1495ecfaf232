"""MMS with the mapping of IEC 61850; its Data is what GOOSE carries, too."""
