"""Russian roulette: draws in proportion to the lead over the worst (Xie and Yuille 2017, Algorithm 1)."""

from evonas.genomes.genet import GenetGenome
from scipy.stats import chisquare

from evonas.evolution.genome import Genome
from evonas.evolution.strategies.genetic import roulette


def rated(values: list[float | None]) -> list[Genome]:
    genomes: list[Genome] = []
    for value in values:
        genome = GenetGenome([0] * 19)
        if value is not None:
            genome.fitness.values = (value,)
        genomes.append(genome)
    return genomes


def drawn(genomes: list[Genome], k: int) -> list[int]:
    places = {id(genome): place for place, genome in enumerate(genomes)}
    counts = [0] * len(genomes)
    for genome in roulette(genomes, k):
        counts[places[id(genome)]] += 1
    return counts


def test_roulette_draws_in_proportion_to_the_lead_over_the_worst(global_random: None) -> None:
    counts = drawn(rated([0.7, 0.5, 0.55, 0.8, 0.5]), 10_000)
    assert counts[1] == counts[4] == 0  # the worst, and its equal
    leads = [0.2, 0.05, 0.3]
    expected = [10_000 * lead / sum(leads) for lead in leads]
    assert chisquare([counts[0], counts[2], counts[3]], expected).pvalue > 1e-4


def test_roulette_is_uniform_where_all_tie(global_random: None) -> None:
    assert chisquare(drawn(rated([0.6] * 5), 10_000)).pvalue > 1e-4


def test_roulette_never_draws_a_failure(global_random: None) -> None:
    counts = drawn(rated([None, 0.5, 0.6, None]), 1000)
    assert counts == [0, 0, 1000, 0]  # what failed is not the worst that the others lead over
    counts = drawn(rated([None, 0.6, 0.6, None]), 1000)
    assert counts[0] == counts[3] == 0 and chisquare(counts[1:3]).pvalue > 1e-4


def test_roulette_is_uniform_where_all_have_failed(global_random: None) -> None:
    assert chisquare(drawn(rated([None] * 4), 10_000)).pvalue > 1e-4
