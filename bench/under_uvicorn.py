"""The gateway under uvicorn: everything else is as `python -m api_gateway` has it."""

import uvicorn
from starlette.types import ASGIApp

from api_gateway import __main__ as gateway


class UvicornServer:
    """uvicorn with the face of granian's embedded server: `serve` until `stop`."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            lifespan="off",
            log_level="warning",
            access_log=False,
        )
        self._server = uvicorn.Server(config)

    async def serve(self) -> None:
        await self._server.serve()

    def stop(self) -> None:
        self._server.should_exit = True


if __name__ == "__main__":
    gateway.web_server = UvicornServer  # type: ignore[assignment]
    gateway.main()
