"""S7comm, S7comm-plus and what else rides on TPKT and COTP."""
