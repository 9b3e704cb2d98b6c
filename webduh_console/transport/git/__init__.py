"""Git repositories, by the `git` program: addresses, rights, a mirror for each, and trees that go away again."""
