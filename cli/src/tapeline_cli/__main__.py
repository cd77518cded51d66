"""`tapeline` and `python -m tapeline_cli`."""

from local_stack.errors import PrerequisiteError, StackError
from tapeline_cli import exits
from tapeline_cli.app import app
from tapeline_cli.output import errors


def main() -> None:
    try:
        app()
    except StackError as error:
        errors.print(f"error: {error}", markup=False)
        code = exits.PREREQUISITE if isinstance(error, PrerequisiteError) else exits.FAILED
        raise SystemExit(code) from None
    except KeyboardInterrupt:
        errors.print("interrupted")
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
