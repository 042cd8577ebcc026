"""The HTTP side: Web API, response URLs, uploads and downloads on one loopback port, in threads that stop
cleanly.
"""

import ipaddress
import json
import socket
import threading
from http.client import HTTPConnection
from io import BytesIO
from typing import Any, cast

from flask import Flask, Response, jsonify, request, send_file
from werkzeug.exceptions import InternalServerError, MethodNotAllowed, NotFound
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from bot.playground.slack import api, api_files
from bot.playground.slack.blockkit import check_message
from bot.playground.slack.elements import as_list
from bot.playground.slack.errors import ApiError
from bot.playground.slack.model import JSON
from bot.playground.slack.posting import use_response_url
from bot.playground.slack.shown import refused_pictures
from bot.playground.slack.world import BOT_TOKEN, World

_Accepted = socket.socket | tuple[bytes, socket.socket]
_Address = Any
"""As socketserver has them."""


class _QuietHandler(WSGIRequestHandler):
    """Logs no request: the journal says more."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


class _Counting(ThreadedWSGIServer):
    """Knows how many connections it has accepted and not yet answered."""

    def __init__(self, app: Flask, host: str, port: int) -> None:
        super().__init__(host, port, app, handler=_QuietHandler)
        self._open = 0
        self._changed = threading.Condition()

    def process_request(self, request: _Accepted, client_address: _Address) -> None:
        with self._changed:
            self._open += 1
        super().process_request(request, client_address)

    def process_request_thread(self, request: _Accepted, client_address: _Address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()

    def wait_answered(self, timeout_seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, timeout_seconds)


class HttpServer:
    """A threaded server of one Flask app on loopback; anything else is refused before a socket exists."""

    def __init__(self, app: Flask, host: str, port: int = 0) -> None:
        if not ipaddress.ip_address(host).is_loopback:
            raise ValueError(f"the playground listens on loopback only, not on {host}")
        self._app, self._host, self._port = app, host, port
        self._server: _Counting | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> str:
        """Listen; the base URL."""
        self._server = _Counting(self._app, self._host, self._port)
        self._port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="slack-http", daemon=True)
        self._thread.start()
        return f"http://{self._host}:{self._port}"

    def wait_answered(self, timeout_seconds: float = 10.0) -> None:
        """Wait until every call sent before this one was answered, also those whose sender is dead by now.

        Raises `TimeoutError`.
        """
        one_more = HTTPConnection(self._host, self._port, timeout=timeout_seconds)
        one_more.request("GET", "/nothing-here")
        one_more.getresponse().read()  # it was accepted, so all before it were
        one_more.close()
        if self._server is not None and not self._server.wait_answered(timeout_seconds):
            raise TimeoutError("the playground's Slack still has calls to answer")

    def stop(self) -> None:
        if self._server is not None and self._thread is not None:
            self._server.shutdown()
            self._thread.join(5)
            self._server = self._thread = None


def create_app(world: World) -> Flask:
    """The routes that real Slack has; the page's are added by playapi."""
    app = Flask("purser-playground-slack", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024 * 1024

    @app.route("/api/<method>", methods=["GET", "POST"])
    def web_api(method: str) -> Response:
        args = arguments()
        answer = api.answer(world, method, _token(args), args)
        if answer.cut:
            return cut_connection()
        response = jsonify(answer.body)
        response.status_code = answer.status
        response.headers.update(answer.headers)
        return response

    @app.post("/response/<token>")
    def response_url(token: str) -> Response:
        body = _response_body()
        try:
            given, status = _respond(world, token, body), 200
        except ApiError as error:
            given, status = error.body(), 404 if error.code == "used_url" else 400
        world.journal.note("in", "response_url", body, status=status, answer=given)
        return Response("ok", 200, mimetype="text/html") if status == 200 else _json(given, status)

    _add_files(app, world)

    @app.errorhandler(InternalServerError)
    def broken(error: InternalServerError) -> Response:
        """What the fake could not make sense of is as loud as what it refuses."""
        world.violate(f"{request.path}: the fake broke on it: {error.original_exception!r}")
        return _json({"ok": False, "error": "fatal_error"}, 500)

    @app.errorhandler(NotFound)
    @app.errorhandler(MethodNotAllowed)
    def not_there(error: NotFound | MethodNotAllowed) -> Response:
        """Whoever speaks JSON is told in JSON."""
        if not request.path.startswith("/_play"):
            return cast("Response", error.get_response())
        return _json({"ok": False, "error": f"there is no {request.method} {request.path}"}, error.code or 404)

    return app


def _add_files(app: Flask, world: World) -> None:
    @app.post("/upload/v1/<file_id>")
    def upload(file_id: str) -> Response:
        if request.mimetype == "multipart/form-data":
            content = b"".join(part.read() for part in request.files.values())
        else:  # slack_sdk sends the bare bytes under a form's content type
            content = request.get_data(parse_form_data=False)
        try:
            api_files.receive(world, file_id, content)
        except ApiError as error:
            return _json(error.body(), 400)
        return Response(f"OK - {len(content)}", mimetype="text/plain")

    @app.get("/files/<file_id>/<path:name>")
    def download(file_id: str, name: str) -> Response:
        if file_id in world.state.users:  # a permalink, followed by whoever sits at the page
            return file_response(world, name.partition("/")[0])
        if _token({}) != BOT_TOKEN or "files:read" not in world.scopes:
            return Response("sign in first", 403)
        return file_response(world, file_id)


def file_response(world: World, file_id: str) -> Response:
    stored = world.state.files.get(file_id)
    if stored is None or not stored.complete:
        return Response("no such file", 404)
    return send_file(BytesIO(stored.content), stored.mimetype, as_attachment=True, download_name=stored.name)


def arguments() -> JSON:
    """The arguments of a Web API call: query, form or JSON body, as slack_sdk sends them."""
    args: JSON = dict(request.args.items())
    if request.is_json:
        body = request.get_json(silent=True)
        return args | body if isinstance(body, dict) else args
    return args | dict(request.form.items())


def cut_connection() -> Response:
    """Break the connection under the client's feet: it gets no reply at all."""
    connection = cast("socket.socket", request.environ["werkzeug.socket"])
    connection.shutdown(socket.SHUT_RDWR)
    return Response(status=500)


def _token(args: JSON) -> str | None:
    header = request.headers.get("Authorization", "")
    if header.lower().startswith("bearer "):
        return header[7:].strip()
    token = args.pop("token", None)
    return str(token) if token else None


def _response_body() -> JSON:
    if request.is_json:
        body: Any = request.get_json(silent=True)
    else:
        try:
            body = json.loads(request.form.get("payload", "") or request.get_data(as_text=True) or "{}")
        except ValueError:
            body = None
    return body if isinstance(body, dict) else {"_invalid": True}


def _respond(world: World, token: str, body: JSON) -> JSON:
    if "_invalid" in body:
        world.violate("response_url: the body is not a JSON object")
        raise ApiError("invalid_payload")
    url = world.tickets.redeem_url(token)
    problems = check_message(as_list(body.get("blocks")), str(body.get("text") or ""))
    for problem in problems:
        world.violate(f"response_url: {problem}")
    refused = [p for p in problems if not p.startswith("missing_text_in_message")]
    refused += refused_pictures(world, as_list(body.get("blocks")), "response_url")
    if refused:
        raise ApiError("invalid_blocks", problems=refused)
    with world.state.lock:
        use_response_url(world, url, body)
    return {"ok": True}


def _json(body: JSON, status: int) -> Response:
    response = jsonify(body)
    response.status_code = status
    return response
