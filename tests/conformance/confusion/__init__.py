"""Which protocol a flow is said to speak once its ports tell nothing, or tell a lie."""
