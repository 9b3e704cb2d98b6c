"""What an empty console teaches."""

from webduh_console.console.words import Piece


def _step(key: str, title: str, says: str, command: str) -> list[list[Piece]]:
    return [
        [("     ", "text"), (f" {key} ", "bold reverse accent"), ("  ", "text"), (title, "bold text")],
        [("          ", "text"), (says, "muted")],
        *([[("          ", "text"), (command, "accent")]] if command else []),
        [],
    ]


FIRST_STEPS: list[list[Piece]] = [
    [],
    [("     Nothing is deployed yet.", "bold text"), (" Ways to begin:", "muted")],
    [],
    *_step("1", "Try the demo", "A few small apps, deployed on this machine in seconds.", "webduh demo"),
    *_step(
        "2",
        "Deploy a folder",
        "This one, another, or a Git repository; how it runs is found out.",
        "webduh deploy PATH",
    ),
    *_step(
        "3",
        "Add a server",
        "A machine that you reach over SSH; apps can go there, too.",
        "webduh target add NAME ssh://…",
    ),
    *_step("4", "Read the guide", "One page: what the words mean, and which keys do what.", ""),
    [
        ("     Every key: ", "faint"),
        ("?", "bold accent"),
        ("   A command, as after `webduh`: ", "faint"),
        (":", "bold accent"),
    ],
]

GUIDE = """\
What there is

  app            a folder that is built and deployed
  environment    one setting of an app: production, staging, preview-42; each has its own variables
  release        what was made live: numbered, kept, never changed
  deployment     one attempt to make a release live, with every step and its output
  target         where releases run; `local` is this machine and needs nothing else

A first deployment

  n              asks for a folder or a Git repository; the current folder is offered first, Tab completes a path
  Enter          looks at it: what it is made with, and how it would be built and run
  1 … 6          source, what was detected, settings, Dockerfile, variables, target: change what is to be otherwise
  Enter or p     shows the plan: what would change; nothing has been done yet
  Enter          carries it out; the steps show what is being done
  c              cancels it: what was done is taken back, step by step
  o              opens the address in the browser when it serves

Later

  d              deploys the selected app again
  l              shows what it writes; / filters, f follows, w saves
  r              goes back to the release before
  Enter          opens an app: figures, releases, deployments, logs, variables

Everything can also be typed: `:` takes what you would type after `webduh`, with Tab for completion.
Whatever is deployed goes on running when the console is closed.
"""
