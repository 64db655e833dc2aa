import random
from pathlib import Path

import pytest
import torch
from evonas.genomes.amoeba import AmoebaGenome, AmoebaSpace

from evonas.errors import UserError
from evonas.evolution.candidate import DONE, FAILED, Candidate, Result
from evonas.evolution.registry import operators_for
from evonas.evolution.strategies import Start
from evonas.evolution.strategies.aging import AgingEvolution
from evonas.evolution.strategies.random_search import RandomSearch
from evonas.evolution.toolboxes import make_toolbox
from evonas.run.journal import MemoryJournal, SqliteJournal, best_candidates
from evonas.run.weights import FolderStore, MemoryStore
from evonas.search.evaluation import Evaluator, Job
from evonas.search.executors import Executor, SerialExecutor
from evonas.search.loop import Limits, Search

SPACE = AmoebaSpace(combinations=2)
BEST_KEPT = 5


class Heavy(Evaluator):
    """The weights are one number, drawn and added to the parent's: the fitness. Some evaluations fail."""

    keeps_weights = True

    def __init__(self, fail: float = 0.15) -> None:
        self.fail = fail

    def evaluate(self, job: Job) -> Result:
        rng = random.Random(f"{job.seed}/{job.number}")
        inherited = job.parent.load_weights() if job.parent else None
        if job.parent is not None:
            assert inherited is not None, f"the parent of {job.number} has no weights"
        if rng.random() < self.fail:
            raise RuntimeError("bad luck")
        weight = torch.tensor([rng.random()], dtype=torch.float64)
        if inherited is not None:
            weight += inherited["node.weight"]
        lineage = job.parent.lineage_epochs if job.parent else 0.0
        return Result(DONE, float(weight), lineage_epochs=lineage + 1, weights={"node.weight": weight})


class Shuffled(Executor):
    """Evaluates what it was given in any order, some of it before anybody waits for it."""

    def __init__(self, evaluator: Evaluator, seed: int) -> None:
        self.evaluator, self.rng = evaluator, random.Random(seed)
        self.waiting: dict[int, Job] = {}
        self.done: dict[int, Result] = {}
        self.most = 0

    def submit(self, job: Job) -> None:
        self.waiting[job.number] = job
        self.most = max(self.most, len(self.waiting) + len(self.done))
        self.work(self.rng.randrange(3))

    def work(self, count: int) -> None:
        for number in self.rng.sample(sorted(self.waiting), min(count, len(self.waiting))):
            self.done[number] = self.evaluator.run(self.waiting.pop(number))

    def result(self, number: int) -> Result:
        while number not in self.done:
            self.work(1)
        return self.done.pop(number)

    def next_ended(self) -> int:
        while not self.done:
            self.work(1)
        return self.rng.choice(sorted(self.done))


def aging(population=6, sample=3, start=None):
    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    return AgingEvolution(toolbox, Start(start), population, sample)


def make(journal=None, store=None, *, budget=40, look_ahead=4, seed=0, strategy=None, executor=None, **how):
    journal, store = journal or MemoryJournal(), store or MemoryStore()
    limits = Limits(budget, look_ahead, how.pop("seconds", None))
    executor = executor or SerialExecutor(Heavy())
    return Search(strategy or aging(), executor, journal, store, seed, limits, **how)


def history(search):
    return [
        {key: value for key, value in candidate.row().items() if key != "seconds"}
        for candidate in search.journal.candidates()
    ]


def finished(**how):
    search = make(**how)
    search.run()
    return search


@pytest.fixture
def folder(tmp_path):
    """A journal and a store on the disk, opened anew at each call, as after a kill."""
    opened = []

    def open_again(name="run"):
        for journal in opened:
            journal.close()
        place = tmp_path / name
        if place.exists():
            journal = SqliteJournal(place, write=True)
        else:
            journal = SqliteJournal.create(place, {})
        journal.read_genomes_with(lambda data: AmoebaGenome.from_dict(data, SPACE))
        opened.append(journal)
        return journal, FolderStore(place / "weights")

    yield open_again
    for journal in opened:
        journal.close()


# -- what the history depends on -------------------------------------------------------------------


@pytest.mark.parametrize("look_ahead", [1, 2, 4, 9])
def test_the_order_in_which_evaluations_end_does_not_matter(look_ahead):
    expected = history(finished(look_ahead=look_ahead))
    for seed in range(5):
        executor = Shuffled(Heavy(), seed)
        assert history(finished(look_ahead=look_ahead, executor=executor)) == expected
        assert executor.most == look_ahead


def test_look_ahead_and_seed_matter():
    histories = [
        history(finished(look_ahead=look_ahead, seed=seed)) for look_ahead in (1, 4) for seed in (0, 1)
    ]
    assert all(histories.count(found) == 1 for found in histories)


def test_the_time_of_day_and_global_randomness_do_not_matter():
    random.seed(1)
    first = history(finished())
    state = random.getstate()
    assert history(finished()) == first
    assert random.getstate() == state


@pytest.mark.parametrize("look_ahead", [1, 3])
def test_parents_were_told_before_and_no_more_are_asked_than_the_look_ahead(look_ahead):
    asked, told = set(), set()
    for number, event in finished(look_ahead=look_ahead).journal.events():
        if isinstance(event, Result):
            told.add(number)
        else:
            assert set(event.origin.parents) <= told
            asked.add(number)
        assert len(asked - told) <= look_ahead
    assert len(told) == 40


def test_the_budget_is_what_is_evaluated():
    for budget in (1, 2, 5, 17):
        found = history(finished(budget=budget))
        assert [row["id"] for row in found] == list(range(budget))
        assert {row["status"] for row in found} <= {DONE, FAILED}


@pytest.mark.parametrize("most", [1, 7, 39])
def test_a_search_that_was_let_finish_goes_on_to_the_same_history(folder, most):
    told = []
    search = make(*folder(), watch=told.append)
    search.executor.enough = lambda: len(told) >= most
    search.run()
    assert len(told) == most
    assert history(finished(**dict(zip(("journal", "store"), folder(), strict=True)))) == history(finished())


def test_a_strategy_that_has_no_more_ends_the_search():
    class Three(RandomSearch):
        asked_for = 0

        def ask(self):
            return super().ask() if self.asked_for < 3 else None

        def asked(self, genome):
            self.asked_for += 1

    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    assert len(history(finished(strategy=Three(toolbox, Start())))) == 3


def test_a_failure_costs_one_candidate():
    found = history(finished(budget=60))
    failed = [row for row in found if row["status"] == FAILED]
    assert 0 < len(failed) < 30
    assert {row["reason"] for row in failed} == {"RuntimeError: bad luck"}
    assert {row["fitness"] for row in failed} == {None}
    parents = {parent for row in found for parent in row["parents"]}
    assert not parents & {row["id"] for row in failed}


def test_everything_may_fail():
    found = history(finished(executor=SerialExecutor(Heavy(fail=1))))
    assert [row["status"] for row in found] == [FAILED] * 40


# -- the journal -----------------------------------------------------------------------------------


def test_who_watches_sees_what_is_durable(folder, tmp_path):
    journal, store = folder()
    seen = []

    def watch(candidate):
        with_result = [c.number for c in reader(tmp_path / "run").candidates() if c.result]
        assert with_result[-1] == candidate.number
        assert candidate.result.weights is None
        seen.append(candidate.number)

    make(journal, store, budget=10, watch=watch).run()
    assert seen == list(range(10))


def reader(place: Path) -> SqliteJournal:
    journal = SqliteJournal(place)
    journal.read_genomes_with(lambda data: AmoebaGenome.from_dict(data, SPACE))
    return journal


class Interrupted(Heavy):
    """The user stops it at some candidate."""

    def __init__(self, at: int) -> None:
        super().__init__()
        self.at = at

    def evaluate(self, job):
        if job.number == self.at:
            raise KeyboardInterrupt
        return super().evaluate(job)


@pytest.mark.parametrize("at", [0, 3, 20, 39])
def test_an_interrupt_passes_through_and_the_run_goes_on_later(folder, at):
    expected = history(finished())
    with pytest.raises(KeyboardInterrupt):
        make(*folder(), executor=SerialExecutor(Interrupted(at))).run()
    journal, store = folder()
    asked, told = journal.counts()
    assert told == at < asked <= at + 4
    search = make(journal, store)
    search.run()
    assert history(search) == expected


@pytest.mark.parametrize("at", [0, 5, 39])
def test_an_interrupt_while_watching_loses_nothing(folder, at):
    def watch(candidate):
        if candidate.number == at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make(*folder(), watch=watch).run()
    journal, store = folder()
    assert journal.counts()[1] == at + 1
    search = make(journal, store)
    search.run()
    assert history(search) == history(finished())


@pytest.mark.parametrize("failure", [KeyboardInterrupt, UserError("operators: none applied")])
def test_what_was_told_survives_a_strategy_that_raises(folder, failure):
    class Breaks(AgingEvolution):
        broken = False

        def ask(self):
            if len(self.population) >= 4:
                raise failure
            return super().ask()

    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    with pytest.raises(type(failure) if isinstance(failure, UserError) else failure):
        make(*folder(), strategy=Breaks(toolbox, Start(), 6, 3)).run()
    journal, store = folder()
    assert sum(c.fitness is not None for c in journal.candidates()) == 4
    search = make(journal, store)
    search.run()
    assert history(search) == history(finished())


def test_a_resume_asks_neither_strategy_nor_operators_again(folder):
    with pytest.raises(KeyboardInterrupt):
        make(*folder(), executor=SerialExecutor(Interrupted(25))).run()

    class Silent(AgingEvolution):
        def ask(self):
            raise AssertionError("asked")

    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    journal, store = folder()
    strategy = Silent(toolbox, Start(), 6, 3)
    make(journal, store, strategy=strategy, seconds=0, budget=29).run()
    whole = aging()
    with pytest.raises(KeyboardInterrupt):
        make(strategy=whole, executor=SerialExecutor(Interrupted(25))).run()
    assert [genome.number for genome in strategy.population] == [genome.number for genome in whole.population]
    assert [g.fitness.values for g in strategy.population] == [g.fitness.values for g in whole.population]
    assert list(strategy.population) == list(whole.population)


def test_a_strategy_of_ones_own_says_where_it_failed_in_a_replay(folder):
    """Its exception stays the cause: the journal may be right and the strategy wrong."""

    class Wrong(RandomSearch):
        def tell(self, genome):
            raise IndexError("mine")

    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    journal, store = folder()
    make(journal, store, strategy=RandomSearch(toolbox, Start()), budget=5).run()
    match = r"journal .*: candidate 0: Wrong cannot follow .*\(IndexError: mine, at test_loop\.py:"
    with pytest.raises(UserError, match=match) as refusal:
        make(journal, store, strategy=Wrong(toolbox, Start()), budget=9).run()
    assert isinstance(refusal.value.__cause__, IndexError)


def test_a_journal_that_tells_what_it_never_asked_is_refused(folder):
    journal, store = folder()
    genome = AmoebaGenome.random(SPACE, random.Random(0))
    journal.asked(Candidate(0, genome), 0)
    journal.told(Candidate(1, genome, Result(DONE, 0.5)), None)
    journal.commit()
    with pytest.raises(UserError, match="candidate 1 was told, and not asked before"):
        make(journal, store).run()


# -- time and budget -------------------------------------------------------------------------------


def test_no_evaluation_begins_when_the_time_is_up(folder):
    search = make(*folder(), seconds=0)
    search.run()
    assert [row["status"] for row in history(search)] == ["pending"] * 4
    journal, store = folder()
    search = make(journal, store)
    search.run()
    assert history(search) == history(finished())


@pytest.mark.parametrize("look_ahead", [1, 2, 5])
@pytest.mark.parametrize("budgets", [(3, 20), (8, 20), (9, 10, 15, 20)])
def test_a_run_that_is_extended_is_as_if_it_had_been_longer(folder, look_ahead, budgets):
    """Fitness hangs on the parent's weights here, so these must be there too."""
    for budget in budgets:
        journal, store = folder()
        make(journal, store, budget=budget, look_ahead=look_ahead).run()
        assert journal.counts() == (budget, budget)
    longer = finished(budget=budgets[-1], look_ahead=look_ahead)
    assert history(make(journal, store)) == history(longer)
    assert set(journal.kept()) == set(longer.journal.kept())


def test_an_extended_run_that_is_killed_goes_on(folder):
    journal, store = folder()
    make(journal, store, budget=15).run()
    for at in (16, 22):
        with pytest.raises(KeyboardInterrupt):
            make(*folder(), executor=SerialExecutor(Interrupted(at))).run()
    search = make(*folder())
    search.run()
    assert history(search) == history(finished())


# -- weights ---------------------------------------------------------------------------------------


def needed(search):
    """Numbers of those whose weights may be needed: from the history and the population alone."""
    candidates = list(search.journal.candidates())
    pending = {p for c in candidates if c.result is None for p in c.genome.origin.parents}
    return search.strategy.living() | pending | {c.number for c in best_candidates(candidates, BEST_KEPT)}


@pytest.mark.parametrize("look_ahead", [1, 4])
@pytest.mark.parametrize("start", [None, AmoebaGenome.random(SPACE, random.Random(5))])
def test_weights_are_kept_of_the_living_of_pending_parents_and_of_the_best(
    folder, tmp_path, look_ahead, start
):
    journal, store = folder()
    dead_and_kept = 0

    def watch(candidate):
        nonlocal dead_and_kept
        files = {int(path.stem) for path in store.folder.glob("*")}
        assert files == set(journal.kept())
        if journal.counts()[0] < 40:
            assert files == {n for n in needed(search) if journal.candidate(n).fitness is not None}
            dead_and_kept += len(files - search.strategy.living())

    strategy = aging(start=start)
    search = make(journal, store, budget=40, look_ahead=look_ahead, strategy=strategy, watch=watch)
    search.run()
    assert dead_and_kept > 0
    # At the end of the budget those stay that were living when asking stopped, for a larger budget.
    assert needed(search) <= set(journal.kept())
    assert len(set(journal.kept()) - needed(search)) <= look_ahead - 1
    assert {path.suffix for path in store.folder.iterdir()} == {".safetensors"}


def test_random_search_keeps_the_best_alone():
    toolbox = make_toolbox(AmoebaGenome, SPACE, operators_for("amoeba"))
    search = finished(strategy=RandomSearch(toolbox, Start()), look_ahead=1)
    assert set(search.journal.kept()) == {c.number for c in search.journal.best(BEST_KEPT)}
    assert len(search.store._kept) == BEST_KEPT


def test_the_driver_knows_only_what_lives():
    search = finished(budget=200)
    assert len(search._known) <= 6 + BEST_KEPT + 4


def test_a_failed_candidate_keeps_no_weights():
    class Diverges(Heavy):
        def evaluate(self, job):
            weight = torch.tensor([1.0, float("nan") if job.number % 3 == 0 else 1.0])
            return Result(DONE, 0.5, weights={"node.weight": weight})

    search = finished(executor=SerialExecutor(Diverges()))
    failed = [row for row in history(search) if row["status"] == FAILED]
    assert [row["id"] for row in failed] == list(range(0, 40, 3))
    assert {row["reason"] for row in failed} == {"training diverged: node.weight is NaN"}
    assert not {row["id"] for row in failed} & set(search.journal.kept())


def test_missing_weights_stop_the_search_and_not_the_candidate(folder):
    with pytest.raises(KeyboardInterrupt):
        make(*folder(), executor=SerialExecutor(Interrupted(25))).run()
    journal, store = folder()
    waiting = next(c for c in journal.candidates() if c.result is None and c.genome.origin.parents)
    (store.folder / journal.kept()[waiting.genome.origin.parents[0]].file).unlink()
    with pytest.raises(UserError, match=r"weights .*safetensors: cannot be read: No such file"):
        make(journal, store).run()
    journal, _ = folder()
    assert journal.candidate(waiting.number).result is None
