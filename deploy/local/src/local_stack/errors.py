"""What can stop the local stack, each with the command or setting that mends it."""


class StackError(Exception):
    """Something is wrong with the stack. `fix` is what the reader should do about it."""

    def __init__(self, problem: str, fix: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.problem}\n  fix: {self.fix}"


class PrerequisiteError(StackError):
    """The machine lacks something we cannot start without: Java, the network, disk space."""
