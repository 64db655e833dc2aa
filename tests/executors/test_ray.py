import importlib.util

import pytest

from evonas.errors import UserError

HERE = importlib.util.find_spec("ray") is not None


@pytest.mark.skipif(HERE, reason="ray is installed")
def test_without_ray_says_what_to_install(search):
    with pytest.raises(UserError, match=r"ray: it is not installed: pip install 'evonas\[ray\]'"):
        search(lambda genome, rng: 1.0, ray="local")


@pytest.mark.slow
@pytest.mark.skipif(not HERE, reason="needs ray (the extra evonas[ray])")
@pytest.mark.filterwarnings("ignore")
def test_a_local_instance_gives_the_same_history(search):
    def evaluate(genome, rng):
        if rng.random() < 0.1:
            raise RuntimeError("bad luck")
        return rng.random()

    assert search(evaluate, budget=12, ray="local") == search(evaluate, budget=12)


@pytest.mark.skipif(not HERE, reason="needs ray (the extra evonas[ray])")
def test_what_ray_cannot_do_is_refused(search):
    with pytest.raises(UserError, match="timeout: expected none with ray"):
        search(lambda genome, rng: 1.0, ray="local", timeout=3.0)


CLUSTER = """
import sys, threading, time
import evonas
from ray.cluster_utils import Cluster

cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
node = cluster.add_node(num_cpus=1)

def evaluate(genome, rng):
    time.sleep(0.5)
    return rng.random()

def watch(candidate):
    if candidate.number == 4:
        removal = {"target": cluster.remove_node, "args": (node,), "kwargs": {"allow_graceful": False}}
        threading.Thread(**removal).start()

choices = dict(evaluate=evaluate, needs="genome", budget=12, population=4, sample=2)
told = [
    [(row["id"], row["status"], row["fitness"]) for row in evonas.evolve(**choices, **how).history]
    for how in ({"ray": cluster.address, "watch": watch}, {})
]
print("alike" if told[0] == told[1] else told, flush=True)
cluster.shutdown()
"""


@pytest.mark.slow
@pytest.mark.skipif(not HERE, reason="needs ray (the extra evonas[ray])")
def test_a_node_that_is_removed_costs_nothing(script):
    out, err = script(CLUSTER).communicate(timeout=240)
    assert "alike" in out.splitlines(), out + err
