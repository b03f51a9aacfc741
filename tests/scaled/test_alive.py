"""Whether anybody works is known to doctor, to machines that watch, and to whoever looks at the inbox."""

from __future__ import annotations

from dataclasses import dataclass, field

from desk.config import Settings
from desk.scaled.alive import EVERY, LONG, NOBODY, Watch, count_workers
from desk.scaled.worker import Worker
from desk.wiring import House, open_house
from storage.engine import BaseUnavailable
from tests.scaled.conftest import Counted, eventually, tell, working


@dataclass
class Workers:
    """So many are alive, when one asks at this time."""

    alive: int = 0
    away: bool = False
    now: float = 1000.0
    asked: int = 0
    watch: Watch = field(init=False)

    def __post_init__(self) -> None:
        self.watch = Watch(self.count, lambda: self.now)

    def count(self) -> int:
        """As the base would say."""
        self.asked += 1
        if self.away:
            raise BaseUnavailable("The database server does not answer.")
        return self.alive

    def later(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds


def test_a_moment_without_workers_is_no_news_and_a_minute_is() -> None:
    workers = Workers()
    assert workers.watch.look().trouble is None
    workers.later(LONG - 1)
    assert workers.watch.look().trouble is None
    workers.later(EVERY)
    assert workers.watch.look().trouble == NOBODY


def test_a_worker_that_comes_ends_the_trouble_and_the_next_minute_begins_anew() -> None:
    workers = Workers()
    workers.watch.look()
    workers.later(LONG + 1)
    assert workers.watch.look().trouble
    workers.alive = 2
    workers.later(EVERY)
    assert (workers.watch.look().workers, workers.watch.look().trouble) == (2, None)
    workers.alive = 0
    workers.later(LONG)
    assert workers.watch.look().trouble is None
    workers.later(LONG)
    assert workers.watch.look().trouble == NOBODY


def test_however_many_pages_ask_the_base_is_asked_every_few_seconds() -> None:
    workers = Workers(alive=1)
    for _ in range(100):
        workers.watch.look()
    assert workers.asked == 1
    workers.later(EVERY)
    workers.watch.look()
    assert workers.asked == 2


def test_a_base_that_is_away_is_not_told_as_missing_workers() -> None:
    workers = Workers(away=True)
    workers.watch.look()
    workers.later(LONG + 1)
    assert workers.watch.look().trouble is None


def test_workers_are_counted_while_they_live(house: House) -> None:
    assert count_workers(house.engine) == 0
    post = Counted("propose")
    with working(*(Worker(house, [post.work]) for _ in range(2))):
        assert eventually(lambda: count_workers(house.engine) == 2)
    assert count_workers(house.engine) == 0
    tell(house, "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')")
    assert count_workers(house.engine) == 0, "the dead are not counted"


def test_pages_say_that_nobody_works(house: House) -> None:
    assert house.workers is not None
    assert house.troubles() == ()
    workers = Workers()
    workers.watch.look()
    workers.later(LONG)
    house._watch = workers.watch
    assert house.troubles() == (NOBODY,)


def test_with_a_file_there_are_no_workers_to_miss(settings: Settings) -> None:
    at_home = Settings(brand=settings.brand).beside(settings.key_path.parent)
    embedded = open_house(at_home, environ={})
    assert embedded.workers is None
    assert embedded.troubles() == ()
    embedded.close()
