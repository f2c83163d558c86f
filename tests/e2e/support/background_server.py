"""An asyncio server on a free port of loopback, on its own thread, for the duration of a `with`."""

import asyncio
import threading

stop_seconds_max = 20


class BackgroundServer:
    """Passes each connection to `_connection(reader, writer)`, and runs `_beside()` at the same time. The subclass defines
    both. Tasks that still run at the end are cancelled."""

    def __init__(self):
        self.port = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name=type(self).__name__, daemon=True)
        self._started = threading.Event()

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(stop_seconds_max)
        assert not self._thread.is_alive(), f"{type(self).__name__} does not end: {asyncio.all_tasks(self._loop)}"
        self._loop.close()

    async def _connection(self, reader, writer):
        raise NotImplementedError

    async def _beside(self):
        pass

    def _run(self):
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())

    async def _serve(self):
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        beside = asyncio.create_task(self._beside())  # a reference, because asyncio may otherwise collect the task
        self._started.set()
        await self._stop.wait()
        server.close()
        beside.cancel()
        # Connections that were accepted just before get their tasks only now.
        while rest := [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]:
            for task in rest:
                task.cancel()
            # A task may have swallowed the cancellation: cancel it again.
            await asyncio.wait(rest, timeout=1)
