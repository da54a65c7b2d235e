"""An HTTP/1.1 client that costs a sixth of a general one: every call of the gate passes it (RFC 9112)."""
