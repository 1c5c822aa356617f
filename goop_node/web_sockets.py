# SPDX-License-Identifier: MIT
"""uvicorn's WebSockets, where they are stricter or louder than RFC 6455 asks for."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.server import ServerProtocol

NOT_UTF8 = 1007


class Connection(ServerProtocol):
    """The protocol's state, where a close may come between the parts of a message."""

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame. RFC 6455 §5.4: control frames may stand between a message's fragments."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)


class PageProtocol(WebSocketsSansIOProtocol):
    """The server's side of a page's WebSocket."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.conn = Connection(max_size=self.config.ws_max_size, logger=self.logger)

    def send_receive_event_to_app(self) -> None:
        """Hand a whole message over; one that is no UTF-8 ends the socket, not in the log."""
        if self.curr_msg_data_type == "text":
            try:
                b"".join(self.frames).decode()
            except UnicodeDecodeError:
                self.conn.send_close(NOT_UTF8)
                self.handle_parser_exception()
                return
        super().send_receive_event_to_app()
