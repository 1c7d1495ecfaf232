"""The policy: in which zone a machine is, and what the conduits between zones allow."""
