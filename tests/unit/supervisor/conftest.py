from collections.abc import Iterator
from pathlib import Path

import pytest
from supervisor_house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    house.supervisor.ensure()
    yield house
    house.supervisor.shutdown(grace=1.0)
