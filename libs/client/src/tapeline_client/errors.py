"""What can go wrong with a request."""

from tapeline_client.types import Problem


class ClientError(Exception):
    """Base of all errors of this client."""


class Unreachable(ClientError):
    """Nobody answered, or not in time."""


class ApiProblem(ClientError):
    """The interface refused the request; `problem` is its RFC 9457 body."""

    def __init__(self, problem: Problem) -> None:
        wrong = "".join(f"; {one.pointer}: {one.detail}" for one in problem.errors)
        super().__init__(f"{problem.status} {problem.detail}{wrong} (trace {problem.trace_id})")
        self.problem = problem

    @property
    def status(self) -> int:
        return self.problem.status
