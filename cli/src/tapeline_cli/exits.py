"""What the command's exit codes mean; also listed in docs/reference/cli.md."""

OK = 0
FAILED = 1  # the command could not do what it was asked
USAGE = 2  # wrong arguments (Typer's own)
UNHEALTHY = 3  # `status`, `doctor`: something does not run or is not well
PREREQUISITE = 4  # the machine lacks something: Java, the network, disk space
ABORTED = 5  # a question was answered with no
NOTHING_TO_DO = 6  # `session`: nothing that is loaded trades
