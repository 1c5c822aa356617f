# SPDX-License-Identifier: MIT
"""What pages reach: the endpoints, the WebSocket and the event stream."""
