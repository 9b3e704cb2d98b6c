"""The deploy wizard: from a folder or a repository to a plan, on one screen."""
