"""Who asks: scripts of requests and pauses, one generator each, that the twin and the live plant both play."""
