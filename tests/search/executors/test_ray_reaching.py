"""What is no cluster is refused at once, in one line."""

import socket
import sys
import threading

import pytest

from evonas.errors import UserError
from evonas.search.executors.ray_cluster import Demand


def test_without_ray_says_what_to_install(search, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"ray: it is not installed: pip install 'evonas\[ray\]'"):
        search(lambda genome, rng: 1.0, ray="local")


@pytest.mark.parametrize(
    "address", ["nowhere", "host:", ":6379", "host:70000", "ray://host:10001", "10.0.0.1"]
)
def test_what_is_no_address_is_refused(search, address):
    expected = f"ray: expected a cluster's host:port, auto or local, got '{address}'"
    with pytest.raises(UserError, match=expected):
        search(lambda genome, rng: 1.0, ray=address)


def test_an_address_where_nothing_listens_is_refused_at_once(search):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"  # bound, and not listening
        with pytest.raises(UserError, match=f"ray '{address}': no cluster answers: Connection refused"):
            search(lambda genome, rng: 1.0, ray=address)


def test_what_listens_must_be_ray(search):
    def serve():
        connection, _ = listening.accept()
        with connection:
            connection.recv(100)
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve).start()
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        expected = f"ray '{address}': no cluster answers: what listens there is something else"
        with pytest.raises(UserError, match=expected):
            search(lambda genome, rng: 1.0, ray=address)


def test_what_workers_ask_for():
    cores = Demand.of("cpu", 2, 1)
    assert [cores.fit({"CPU": number}) for number in (0, 1, 4, 5)] == [0, 0, 2, 2]
    assert cores.alone({"CPU": 5.0}).options() == {"num_cpus": 5.0, "num_gpus": 0.0}
    for share in range(1, 33):
        gpus = Demand.of("cuda", 1, share)
        assert share * gpus.gpus <= 1
        assert gpus.fit({"CPU": 100, "GPU": 2}) == 2 * share
        assert gpus.fit({"CPU": 3, "GPU": 2}) == min(3, 2 * share)
        assert gpus.alone({"CPU": 3, "GPU": 2}).gpus == 1
    assert str(cores) == "2 free cores"
    assert str(gpus) == "1 free core and a GPU"
