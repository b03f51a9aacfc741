"""An answer has a time and a size as a whole, however steadily it drips."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout

from places.http import never_left
from places.patience import WHOLE, Patient, TooLong

QUICK = 0.2
Serve = Callable[[socket.socket], None]


@contextmanager
def served(serve: Serve) -> Iterator[str]:
    """A server that does with every connection what a test says."""

    def run() -> None:
        while True:
            try:
                line, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=one, args=(line,), daemon=True).start()

    def one(line: socket.socket) -> None:
        with line:
            try:
                serve(line)
            except OSError:
                return

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=run, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        listener.shutdown(socket.SHUT_RDWR)


def client(most: int = 1000) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.mount("http://", Patient(QUICK, most))
    session.mount("https://", Patient(QUICK, most))
    return session


def drip(before: bytes, drop: bytes = b" ") -> Serve:
    def serve(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(before)
        while True:
            time.sleep(QUICK / 5)
            line.sendall(drop)

    return serve


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "serve",
    [
        drip(b"", b"H"),
        drip(HEAD + b"x-slow: "),
        drip(HEAD + b"content-length: 900\r\n\r\n"),
        drip(HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        drip(HEAD + b"\r\n"),  # whose end is the connection's end
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_drips_is_given_up_and_may_have_arrived(serve: Serve, method: str) -> None:
    with served(serve) as url, client() as session:
        began = time.monotonic()
        with pytest.raises(ReadTimeout) as failed:
            session.request(method, url)
        assert time.monotonic() - began < QUICK * WHOLE + 1
    assert not never_left(failed.value)
    assert failed.value.response is None


def test_a_handshake_that_drips_is_given_up_too() -> None:
    record = b"\x16\x03\x03\x40\x00"  # the beginning of a TLS record that goes on
    with served(drip(record, b"\x02")) as url, client() as session:
        began = time.monotonic()
        with pytest.raises((ReadTimeout, NoConnection)):
            session.get(url.replace("http:", "https:"))
        assert time.monotonic() - began < QUICK * WHOLE + 1


def test_a_kept_connection_is_watched_as_well() -> None:
    def serve(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(HEAD + b"content-length: 2\r\n\r\nok")
        drip(HEAD + b"content-length: 900\r\n\r\n")(line)

    with served(serve) as url, client() as session:
        assert session.get(url).text == "ok"
        with pytest.raises(ReadTimeout):
            session.get(url)


def test_what_is_quick_and_short_comes_through_whole_and_nothing_is_left_behind() -> None:
    def serve(line: socket.socket) -> None:
        while line.recv(65_536):
            line.sendall(HEAD + b"content-length: 1000\r\n\r\n" + b"x" * 1000)

    threads = threading.active_count()
    with served(serve) as url, client() as session:
        for _ in range(20):
            answer = session.get(url)
            assert (answer.content, len(answer.text)) == (b"x" * 1000, 1000)
        deadline = time.monotonic() + 5
        while threading.active_count() > threads + 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert threading.active_count() <= threads + 2  # the server's own


def test_an_answer_without_an_end_is_not_read_on() -> None:
    def serve(line: socket.socket) -> None:
        line.recv(65_536)
        line.sendall(HEAD + b"\r\n")
        while True:
            line.sendall(b"x" * 65_536)

    with served(serve) as url, client() as session, pytest.raises(TooLong) as failed:
        session.get(url)
    assert not never_left(failed.value)


def test_nothing_is_sent_when_the_time_was_over_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that resolves slowly: the request must not go out when nobody waits for it any more."""
    heard: list[bytes] = []
    resolve = socket.getaddrinfo

    def slowly(*args: object, **named: object) -> object:
        time.sleep(QUICK * WHOLE + 0.1)
        return resolve(*args, **named)  # type: ignore[arg-type]

    with served(lambda line: heard.append(line.recv(65_536))) as url, client() as session:
        monkeypatch.setattr(socket, "getaddrinfo", slowly)
        with pytest.raises(ReadTimeout) as failed:
            session.post(url, data=b"sorry")
    assert never_left(failed.value)
    assert [one for one in heard if one] == []


def test_over_tls_an_answer_comes_through_and_a_drip_is_given_up(tmp_path: Path) -> None:
    certificate, answers = vouched_for(tmp_path), [b"content-length: 2\r\n\r\nok", b"x-slow: "]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def serve(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as safe:
            safe.recv(65_536)
            safe.sendall(HEAD + answers[0])
            drip(HEAD + answers[1])(safe)

    with served(serve) as url, client() as session:
        session.verify = str(certificate)
        safe_url = url.replace("http:", "https:")
        assert session.get(safe_url).text == "ok"
        with pytest.raises(ReadTimeout):
            session.get(safe_url)  # over the same connection
        session.verify = True
        session.close()
        with pytest.raises(NoConnection) as failed:
            session.post(safe_url)
        assert never_left(failed.value)  # nobody vouches for that certificate, so nothing was sent


def vouched_for(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(plain + certificate.public_bytes(serialization.Encoding.PEM))
    return file
