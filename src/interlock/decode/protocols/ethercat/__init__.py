"""EtherCAT, on the link and over UDP."""
