import math
import random
import re
from collections import Counter
from collections.abc import Iterable

import pytest
import torch
from evonas.genomes.large_scale import Activation, Convolution, Dna, Edge, LargeScaleGenome, LargeScaleSpace
from evonas.genomes.large_scale.cost import measure
from evonas.genomes.large_scale.text import read
from evonas.operators import large_scale as mutations
from scipy.stats import chisquare, kstest

from evonas.errors import NotApplicable
from evonas.evolution.operator import Operator
from evonas.evolution.registry import operators_for
from evonas.evolution.toolboxes import make_toolbox
from evonas.evolution.variation import offspring
from evonas.network.network import build
from evonas.task import Task

DRAWS = 10_000
CHILDREN = 4_000  # each by a toolbox, which takes longer
UNLIKELY = 1e-4  # the seeds are fixed, so a test that passes once passes always

TEXT = (
    "lr=0.05 relu=a input>a:e1=conv(4.0,1.0,1.0,0.0) a>b:e2=conv(0.5,1.0,2.0,1.0) b>c:e3 c>output:start "
    "input~b:s1 a~c:s2"
)
NAMES = [
    "large-scale-add-skip",
    "large-scale-alter-learning-rate",
    "large-scale-alter-number-of-channels",
    "large-scale-alter-stride",
    "large-scale-filter-size",
    "large-scale-identity",
    "large-scale-insert-convolution",
    "large-scale-insert-one-to-one",
    "large-scale-remove-convolution",
    "large-scale-remove-skip",
    "large-scale-reset-weights",
]


@pytest.fixture
def genome() -> LargeScaleGenome:
    """Two convolutions of the backbone, an identity connection in it, two skips: all mutations apply."""
    return LargeScaleGenome(read(TEXT))


@pytest.fixture
def trivial() -> LargeScaleGenome:
    return LargeScaleGenome(Dna.trivial(0.1))


def agrees(counts: Iterable[int]) -> bool:
    """Whether counts may well come from equal shares."""
    return bool(chisquare(list(counts)).pvalue > UNLIKELY)


def uniform(values: Iterable[float], low: float, high: float) -> bool:
    """Whether numbers may well be uniform between two others."""
    return bool(kstest(list(values), "uniform", (low, high - low)).pvalue > UNLIKELY)


def change(genome: LargeScaleGenome, mutation: Operator, rng: random.Random) -> tuple[str, Convolution]:
    """The one edge that a mutation of a number has changed, and its convolution then."""
    child = mutation(genome.clone(), rng)
    before, after = genome.dna, child.dna
    assert (after.vertices, after.learning_rate) == (before.vertices, before.learning_rate)
    assert after.edges.keys() == before.edges.keys()
    ((name, edge),) = ((n, e) for n, e in after.edges.items() if e != before.edges[n])
    assert edge.convolution is not None
    return name, edge.convolution


# -- the set ------------------------------------------------------------------------------------


def test_there_are_eleven_of_equal_weight():
    found = operators_for("large-scale")
    assert sorted(operator.name for operator in found) == NAMES
    assert {(operator.kind, operator.weight) for operator in found} == {("mutation", 1.0)}
    assert all(operator.summary for operator in found)


@pytest.mark.usefixtures("global_random")
def test_each_of_the_eleven_is_as_likely(genome):
    toolbox = make_toolbox(LargeScaleGenome, genome.space, operators_for("large-scale"))
    counts = Counter(offspring(toolbox, genome).origin.operator for _ in range(CHILDREN))
    assert sorted(counts) == NAMES
    assert agrees(counts.values())


@pytest.mark.usefixtures("global_random")
def test_impossible_ones_give_way_to_the_others_equally(trivial):
    draws: Counter[str] = Counter()

    def counted(operator: Operator) -> Operator:
        def function(genome, rng):
            draws[operator.name] += 1
            return operator(genome, rng)

        return Operator(operator.name, operator.genome, operator.kind, function, operator.weight)

    toolbox = make_toolbox(
        LargeScaleGenome, trivial.space, [counted(o) for o in operators_for("large-scale")]
    )
    counts = Counter(offspring(toolbox, trivial).origin.operator for _ in range(CHILDREN))
    possible = {
        name for name in NAMES if name.endswith(("rate", "identity", "weights", "convolution", "one"))
    }
    possible.remove("large-scale-remove-convolution")
    assert set(counts) == possible
    assert len(possible) == 5
    assert agrees(counts.values())
    assert sorted(draws) == NAMES
    assert agrees(draws.values())  # redraws included
    assert 2 < sum(draws.values()) / CHILDREN < 2.4  # eleven fifths


def test_one_that_does_not_apply_leaves_the_genome_as_it_is(trivial, rng):
    for operator in operators_for("large-scale"):
        child = trivial.clone()
        try:
            operator.mutate(child, rng)
        except NotApplicable:
            assert child == trivial
    crowded = LargeScaleGenome(read(TEXT), LargeScaleSpace(max_depth=1, max_channels=2))
    for operator in operators_for("large-scale"):
        for _ in range(20):
            child = crowded.clone()
            try:
                operator.mutate(child, rng)
            except NotApplicable:
                assert child == crowded


# -- one by one ---------------------------------------------------------------------------------


def test_the_learning_rate_is_multiplied_by_a_power_of_two_between_minus_one_and_one(genome, rng):
    powers = []
    for _ in range(DRAWS):
        child = mutations.alter_learning_rate(genome.clone(), rng)
        powers.append(math.log2(child.dna.learning_rate / 0.05))
        child.dna.learning_rate = 0.05
        assert child == genome
    assert uniform(powers, -1, 1)


def test_identity_changes_nothing(genome, rng):
    assert mutations.identity(genome.clone(), rng) == genome


def test_reset_weights_renames_everything(genome, rng):
    child = mutations.reset_weights(genome.clone(), rng)
    child.dna.check()
    old, new = (set(one.dna.vertices) | set(one.dna.edges) for one in (genome, child))
    assert not old & new
    assert len(old) == len(new)
    assert child.key() == genome.key()
    assert child.dna.learning_rate == 0.05


@pytest.mark.parametrize("insert", [mutations.insert_convolution, mutations.insert_one_to_one])
def test_insertions_are_uniform_over_places_and_kinds(genome, rng, insert):
    places: Counter[str] = Counter()
    kinds: Counter[tuple[Activation, int]] = Counter()
    before = genome.dna
    for _ in range(DRAWS // 2):
        after = insert(genome.clone(), rng).dna
        (vertex,) = after.vertices.keys() - before.vertices.keys()
        (name,) = after.edges.keys() - before.edges.keys()
        new = after.edges[name]
        ((moved, edge),) = ((n, e) for n, e in after.edges.items() if n != name and e != before.edges[n])
        assert edge == Edge(vertex, before.edges[moved].target, before.edges[moved].convolution)
        assert (new.source, new.target) == (before.edges[moved].source, vertex)
        assert (new.depth_precedence, new.scale_precedence) == (1, 1)
        places[moved] += 1
        stride = 0
        if insert is mutations.insert_convolution:
            assert new.convolution in (Convolution(1.0, 1.0, 1.0, 0.0), Convolution(1.0, 1.0, 1.0, 1.0))
            assert new.convolution.kernel == (3, 3)
            stride = new.convolution.stride
        else:
            assert new.convolution is None
        kinds[after.vertices[vertex], stride] += 1
    assert set(places) == {"e1", "e2", "e3", "start"}
    assert agrees(places.values())
    strides = {1, 2} if insert is mutations.insert_convolution else {0}
    assert set(kinds) == {(kind, stride) for kind in Activation for stride in strides}
    assert agrees(kinds.values())


def test_an_inserted_convolution_has_as_many_channels_as_it_reads(genome, rng):
    task = Task(3, 8, 8, 4)
    for _ in range(50):
        child = mutations.insert_convolution(genome.clone(), rng)
        (name,) = child.dna.edges.keys() - genome.dna.edges.keys()
        net = child.decode(task)
        (read_shape,) = net.input_shapes(f"edge_{name}.conv")
        assert net.shape(f"edge_{name}.conv")[0] == read_shape[0]
        assert net.layer(f"edge_{name}.conv").kernel == (3, 3)


def test_removing_the_first_convolution(genome):
    """b reads the input on the backbone, whose skip from there goes; a's skip starts at the input."""
    expected = read("lr=0.05 input>b:e2=conv(0.5,1.0,2.0,1.0) b>c:e3 c>output:start input~c:s2")
    assert removed(genome, "e1") == expected


def test_removing_the_second_convolution(genome):
    """Skips into b go with it; c reads a, so that the skip from there goes too."""
    expected = read("lr=0.05 relu=a input>a:e1=conv(4.0,1.0,1.0,0.0) a>c:e3 c>output:start")
    assert removed(genome, "e2") == expected


def test_a_skip_is_not_doubled_by_a_removal():
    text = (
        "lr=0.1 input>a:e1=conv(1.0,1.0,1.0,0.0) a>b:e2 b>c:e3 c>output:start "
        "input~c:s1 a~c:s2 a~output:s3 input~b:s4"
    )
    expected = read("lr=0.1 input>b:e2 b>c:e3 c>output:start input~c:s1 input~output:s3")
    assert removed(LargeScaleGenome(read(text)), "e1") == expected


def removed(genome: LargeScaleGenome, name: str) -> Dna:
    """The DNA without one convolution of the backbone."""
    for seed in range(100):
        child = mutations.remove_convolution(genome.clone(), random.Random(seed))
        child.dna.check()
        if name not in child.dna.edges:
            return child.dna
    raise LookupError(name)


def test_removals_are_uniform(genome, rng):
    convolutions: Counter[str] = Counter()
    skips: Counter[str] = Counter()
    for _ in range(DRAWS // 4):
        child = mutations.remove_convolution(genome.clone(), rng)
        convolutions.update({"e1", "e2"} - child.dna.edges.keys())
        child = mutations.remove_skip(genome.clone(), rng)
        (gone,) = genome.dna.edges.keys() - child.dna.edges.keys()
        skips[gone] += 1
        assert {**child.dna.edges, gone: genome.dna.edges[gone]} == genome.dna.edges
    assert agrees([convolutions["e1"], convolutions["e2"]])
    assert agrees([skips["s1"], skips["s2"]])
    assert sum(skips.values()) == sum(convolutions.values()) == DRAWS // 4


def test_strides_mutate_by_their_logarithm(genome, rng):
    scales: dict[str, list[float]] = {"e1": [], "e2": []}
    for _ in range(DRAWS // 2):
        name, found = change(genome, mutations.alter_stride, rng)
        scales[name].append(found.stride_scale)
        assert found.stride == 2 ** int(found.stride_scale + 0.5)
    assert agrees(map(len, scales.values()))
    assert uniform(scales["e1"], 0.25, 1)  # a stride of 1 counts as a half, or it would stay for ever
    assert uniform(scales["e2"], 0.5, 2)


def test_channels_become_half_to_twice_as_many(rng):
    """Section 3.2: 10 output channels become 5 to 20, and all values within the range are possible."""
    space = LargeScaleSpace(reference=(5, 8, 8))
    genome = LargeScaleGenome(read("lr=0.1 input>a:e1=conv(2.0,1.0,1.0,0.0) a>output:start"), space)
    found = [change(genome, mutations.alter_number_of_channels, rng)[1] for _ in range(DRAWS)]
    assert uniform((one.depth_factor for one in found), 1, 4)
    counts = Counter(one.channels(5) for one in found)
    assert set(counts) == set(range(5, 21))
    assert agrees(counts[channels] for channels in range(6, 20))  # the two ends are half as likely


def test_filters_mutate_in_height_or_width_and_stay_odd(genome, rng):
    heights: list[float] = []
    widths: list[float] = []
    for _ in range(DRAWS // 2):
        name, found = change(genome, mutations.filter_size, rng)
        before = genome.dna.edges[name].convolution
        if found.filter_half_height != before.filter_half_height:
            assert found.filter_half_width == before.filter_half_width
            heights.append(found.filter_half_height)
        elif name == "e2":
            widths.append(found.filter_half_width)
        assert all(side % 2 for side in found.kernel)
    assert abs(len(heights) - DRAWS / 4) < 200
    assert uniform(heights, 0.5, 2)
    assert uniform(widths, 1, 4)


def test_a_filter_of_one_pixel_can_grow_again(rng):
    genome = LargeScaleGenome(read("lr=0.1 input>a:e1=conv(2.0,0.0,0.0,0.0) a>output:start"))
    sizes = {change(genome, mutations.filter_size, rng)[1].kernel for _ in range(100)}
    assert sizes == {(1, 1), (3, 1), (1, 3)}


def test_small_changes_add_up():
    """Footnote 3: what is rounded is kept as a float."""
    genome = LargeScaleGenome(read("lr=0.1 input>a:e1=conv(1.0,1.0,1.0,0.0) a>output:start"))

    class Little(random.Random):
        def uniform(self, a, b):
            return a + 0.4 * (b - a)  # 1.1 times the value

        def random(self):
            return 0.0

    kernels = []
    for _ in range(6):
        mutations.filter_size(genome, Little())
        kernels.append(genome.dna.edges["e1"].convolution.kernel[0])
    assert kernels == [3, 3, 3, 3, 5, 5]


def test_skips_join_vertices_that_no_edge_joins_and_close_no_cycle(genome, rng):
    order = genome.dna.order()
    joined = {(edge.source, edge.target) for edge in genome.dna.edges.values()}
    free = {(s, t) for i, s in enumerate(order) for t in order[i + 1 :]} - joined
    found: Counter[tuple[str, str]] = Counter()
    for _ in range(2000):
        child = mutations.add_skip(genome.clone(), rng)
        child.dna.check()
        (name,) = child.dna.edges.keys() - genome.dna.edges.keys()
        edge = child.dna.edges[name]
        assert edge == Edge(edge.source, edge.target, None, 0, 0)
        found[edge.source, edge.target] += 1
    assert set(found) == free
    targets = Counter[str]()
    for (_, target), count in found.items():
        targets[target] += count
    assert agrees(targets.values())  # as in S1: a target first, then one of its sources


def test_skips_end_when_all_vertices_are_joined(genome, rng):
    for _ in range(100):
        try:
            mutations.add_skip(genome, rng)
        except NotApplicable:
            break
    assert len(genome.dna.edges) == 10  # five vertices
    for _ in range(6):
        mutations.remove_skip(genome, rng)
    with pytest.raises(NotApplicable, match="no skip"):
        mutations.remove_skip(genome, rng)
    assert genome.dna.order() == ["input", "a", "b", "c", "output"]


def test_nothing_to_alter_or_remove(trivial, rng):
    for mutation in (mutations.alter_stride, mutations.alter_number_of_channels, mutations.filter_size):
        with pytest.raises(NotApplicable, match="no convolution"):
            mutation(trivial, rng)
    with pytest.raises(NotApplicable, match="no convolution before the output"):
        mutations.remove_convolution(trivial, rng)


# -- a long time --------------------------------------------------------------------------------


def test_a_thousand_mutations_in_a_row_stay_within_the_caps():
    """From 8 starts: every DNA is within them, one in 25 decodes, one in 100 computes."""
    space = LargeScaleSpace(
        max_depth=25,
        max_channels=10,
        max_filter=5,
        max_stride=4,
        max_parameters=1_000,
        max_flops=30_000,
        max_activations=4_000,
        reference=(2, 8, 8),
    )
    task = space.reference_task
    operators = operators_for("large-scale")
    reached: Counter[str] = Counter()
    for seed in range(8):
        rng = random.Random(seed)
        genome = LargeScaleGenome.random(space, rng)
        for step in range(1, 1001):
            while True:
                try:
                    genome = rng.choice(operators).mutate(genome.clone(), rng)
                except NotApplicable as error:
                    reached.update(re.findall(r"\(max_\w+\)", str(error)))
                    continue
                break
            assert space.excess(measure(genome.dna, task)) is None
            if step % 25 == 0:
                genome.dna.check()
                net = genome.decode(task)
                net.validate()
                assert net.parameter_count() <= 1_000
                assert net.flops() <= 30_000
                assert sum(map(math.prod, net.shapes().values())) <= 4_000
            if step % 100 == 0:
                with torch.no_grad():
                    assert torch.isfinite(build(net, seed).eval()(torch.rand(2, 2, 8, 8))).all()
    assert len(reached) == 7  # every cap was met, not only defined
