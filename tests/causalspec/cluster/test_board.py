"""What the processes of a run are told about its work, without a cluster."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
import torch

from causalspec.cluster.board import Answer, Board, Turn
from causalspec.cluster.likeness import difference, traits
from causalspec.cluster.remote_board import OwnBoard
from causalspec.cluster.stages import BoardGoneError, SharedStages
from causalspec.runtime.engine.storage import MemoryBudget
from causalspec.runtime.results.run_folder import RunFolder, Stage, content_of, stage_in
from causalspec.runtime.watch import Unwatched

STAGE = Stage({"numbers": torch.arange(3.0)}, {"final_loss": "0.1"})


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_a_stage_is_made_by_one_process(folder: RunFolder) -> None:
    board = Board(folder)
    assert board.find(1, "a") is Answer.YOURS
    assert board.find(2, "a") is Answer.WAIT
    board.receive("a", content_of(STAGE))
    assert board.find(2, "a") is Answer.DONE
    found = folder.find("a")
    assert found is not None
    assert found.notes == STAGE.notes
    assert torch.equal(found.tensors["numbers"], STAGE.tensors["numbers"])


def test_a_file_from_elsewhere_is_the_file_that_would_have_been_written(folder: RunFolder) -> None:
    folder.finish("a", STAGE)
    assert folder.content("a") == content_of(STAGE)
    assert stage_in(content_of(STAGE)).notes == STAGE.notes
    assert folder.content("b") is None


def test_what_a_lost_process_was_at_is_free(folder: RunFolder) -> None:
    board = Board(folder)
    assert board.turn(1, 0, ["x", "y"], skips=False, joins=False) == Turn(0)
    assert board.find(1, "x") is Answer.YOURS
    assert board.find(2, "x") is Answer.WAIT
    assert board.turn(2, 0, ["x"], skips=False, joins=False) is Answer.WAIT
    board.release(1)
    assert board.turn(2, 0, ["x"], skips=False, joins=False) == Turn(0)
    assert board.find(2, "x") is Answer.YOURS


def test_nobody_who_waits_keeps_what_others_wait_for(folder: RunFolder) -> None:
    board = Board(folder)
    assert board.find(1, "a") is Answer.YOURS
    assert board.find(2, "b") is Answer.YOURS
    assert board.find(1, "b") is Answer.WAIT
    assert board.find(2, "a") is Answer.YOURS  # the first has let go of it


def test_the_order_of_turns(folder: RunFolder) -> None:
    board, names = Board(folder), ["a", "b", "c"]
    folder.finish("a", STAGE)
    assert board.turn(1, 0, names, skips=False, joins=False) == Turn(1)
    assert board.turn(2, 0, names, skips=False, joins=False) == Turn(2)
    assert board.turn(3, 0, names, skips=False, joins=False) == Turn(0)  # done, and wanted
    assert board.turn(3, 0, names, skips=True, joins=False) is Answer.WAIT
    assert board.turn(3, 0, names, skips=True, joins=True) == Turn(1)
    board.passed("b")
    board.passed("c")
    assert board.turn(3, 0, names, skips=True, joins=True) is Answer.NOTHING_LEFT
    # What left no stage, since it failed, fails again wherever it is wanted.
    assert board.find(3, "b") is Answer.YOURS


def test_a_loop_that_ends_early_frees_its_turn(folder: RunFolder) -> None:
    board = Board(folder)
    first, second = (SharedStages(board, number, Unwatched()) for number in (1, 2))
    with pytest.raises(ZeroDivisionError):
        for _ in first.in_turn(["a", "b"]):
            for _ in first.part("seed 1").in_turn(["a"]):
                raise ZeroDivisionError
    assert list(second.in_turn(["a", "b"])) == [0, 1]


def test_many_processes_do_all_of_it_once(folder: RunFolder) -> None:
    """Each goes through two loops, the second after the whole first, and sees what others did."""
    board, lock = Board(folder), threading.RLock()

    class Locked:
        def __getattr__(self, name: str) -> object:
            def asked(*arguments: object, **named: object) -> object:
                with lock:
                    return getattr(board, name)(*arguments, **named)

            return asked

    made: list[str] = []
    seen: dict[int, list[str]] = {}

    def whole(number: int) -> None:
        stages = SharedStages(Locked(), number, Unwatched())  # pyright: ignore[reportArgumentType]
        seen[number] = []
        for loop, skips in (("fits", False), ("controls", number > 0)):
            part = stages.part(loop)
            names = [f"{loop} {place}" for place in range(12)]
            for place in part.in_turn(names, skips=skips):
                if part.find(names[place]) is None:
                    made.append(names[place])
                    part.finish(names[place], STAGE)
                seen[number].append(names[place])

    threads = [threading.Thread(target=whole, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    fits, controls = ([f"{loop} {place}" for place in range(12)] for loop in ("fits", "controls"))
    assert sorted(made) == sorted(fits + controls)
    assert sorted(seen[0]) == sorted(fits + controls)
    for number in (1, 2, 3):
        assert set(fits) <= set(seen[number])


class Gone:
    """A board whose process has ended."""

    def __getattr__(self, name: str) -> object:
        def asked(*_: object, **__: object) -> object:
            raise BoardGoneError

        return asked


def test_without_a_board_a_run_goes_on_alone(folder: RunFolder) -> None:
    noticed: list[str] = []
    watcher = Unwatched()
    watcher.notice = noticed.append
    own = OwnBoard(Gone(), folder, watcher)  # pyright: ignore[reportArgumentType]
    stages = SharedStages(own, 0, watcher)
    for place in stages.in_turn(["a", "b"]):
        assert stages.find("ab"[place]) is None
        stages.finish("ab"[place], STAGE)
    assert folder.find("b") is not None
    assert noticed == ["the cluster is lost: the run goes on in this process alone"]


def test_memory_is_shared_out_but_a_gpu_is_not() -> None:
    budget = MemoryBudget(1000, processes=4)
    assert budget.memory(torch.device("cpu")) == 250
    assert budget.memory(torch.device("cuda:0")) == 1000


def test_processes_that_differ_are_told_apart() -> None:
    ours = traits(on_gpu=False)
    assert {"Python", "torch", "transformers", "causalspec", "processor"} <= ours.keys()
    assert difference(ours, ours) == ""
    theirs = {**ours, "torch": "2.12.0"}
    assert difference(theirs, ours) == f"torch 2.12.0 and not {ours['torch']}"
