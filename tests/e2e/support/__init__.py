"""What the end-to-end tests share: a server to start and stop, a client, and keys."""
