"""What is on a server, a file a kind of question. Asking is one round trip; reading the answer is pure."""
