"""The compiled half of `rivalry`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

class Failed(Exception):
    """What the command would say: its exit status, and pairs of message and hint."""

@final
class Memory:
    """Things in memory by the names that arguments use for them. Used once."""

    def __new__(cls) -> Memory: ...
    def array(
        self,
        key: str,
        title: str,
        name: str,
        descr: str,
        shape: Sequence[int],
        blocks: Iterator[bytes],
        table: bool = False,
    ) -> None: ...
    def bytes(self, key: str, content: bytes) -> None: ...

@final
class Report:
    """One content, for people and for programs."""

    @property
    def title(self) -> str: ...
    @property
    def status(self) -> int: ...
    def card(self) -> Report: ...
    def render(self, name: str, knobs: dict[str, Any] | None = None) -> bytes: ...

@final
class Judge:
    """The right classes of some samples, and the rules by which answers are judged."""

    def __new__(
        cls, labels: Memory, groups: Memory | None = None, class_names: Sequence[str] | None = None
    ) -> Judge: ...
    def codes(self) -> list[int]: ...
    def right(self, rows: Sequence[int], answers: Memory) -> list[float]: ...
    def scores(self, n: int, answers: Memory) -> list[list[float]]: ...

def ask(
    words: Sequence[str],
    memory: Memory,
    told: Callable[[list[str], str, int, int, str], None] | None = None,
) -> Report: ...
def command(words: Sequence[str]) -> int: ...
def demo(name: str) -> dict[str, Any] | None: ...
def fit(modalities: Sequence[tuple[str, int, bytes]], labels: Sequence[int], n_classes: int, spec: str) -> bytes: ...
def measure(
    judge: Judge,
    rows: Sequence[int],
    modalities: Sequence[str],
    whole: Sequence[float],
    without: Sequence[Sequence[float]],
    within: Sequence[Sequence[float]],
    subsets: Sequence[Sequence[float]],
    added: Sequence[Sequence[float]],
    combinations: tuple[int, Sequence[Sequence[float]]] | None,
    replicates: int,
    seed: int,
    data: str,
    settings: str,
) -> Report: ...
def options(verb: Sequence[str]) -> list[tuple[str, str]] | None: ...
def order(seed: int, stream: int, n: int) -> list[int]: ...
def scores(network: bytes, modalities: Sequence[tuple[str, int, bytes]], n: int) -> bytes: ...
def version() -> str: ...
