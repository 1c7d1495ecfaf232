"""MQTT and Sparkplug B."""
