"""A straight line of array operations, and its execution chunk by chunk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Any

from causalspec.compiler.evaluators.arrays import ArrayLibrary
from causalspec.compiler.evaluators.intervals import Interval
from causalspec.dsl.diagnostics import InternalError

Array = Any  # numpy.ndarray or torch.Tensor: `ArrayLibrary` tells them apart


class Operation(IntEnum):  # whose members hash fast
    """What an instruction does; its operands are registers unless said otherwise."""

    LOAD = auto()  # operand: the number of a given column
    CAST = auto()
    ADD = auto()
    SUBTRACT = auto()
    MULTIPLY = auto()
    FLOOR_DIVIDE = auto()
    REMAINDER = auto()
    MINIMUM = auto()
    MAXIMUM = auto()
    ABSOLUTE = auto()
    EQUAL = auto()
    NOT_EQUAL = auto()
    LESS = auto()
    LESS_OR_EQUAL = auto()
    NOT = auto()
    AND = auto()
    OR = auto()
    CHOOSE = auto()
    TAKE = auto()  # operands: the number of a table, then a register


@dataclass(frozen=True, slots=True)
class Instruction:
    """`target` becomes the operation's result; all operands have one type already."""

    operation: Operation
    operands: tuple[int, ...]
    width: int
    target: int


@dataclass(frozen=True, slots=True)
class ScalarRegister:
    """A register that holds one constant throughout."""

    target: int
    value: int
    width: int


@dataclass(frozen=True, slots=True)
class Table:
    """What a take reads."""

    values: tuple[int, ...]
    width: int


@dataclass(frozen=True, slots=True)
class Program:
    """What `run` executes. `finished[k]` are the registers that instruction k is last to read."""

    register_count: int
    scalars: tuple[ScalarRegister, ...]
    tables: tuple[Table, ...]
    instructions: tuple[Instruction, ...]
    finished: tuple[tuple[int, ...], ...]
    results: tuple[int, ...]
    intervals: tuple[Interval, ...]  # of the results


def run(
    program: Program, columns: Sequence[Array], rows: int, arrays: ArrayLibrary, width: int
) -> list[Array]:
    """The results' columns, each of `rows` codes in at least `width` bits.

    Each chunk of rows goes through the whole program while it is in the processor's cache.
    """
    results = [arrays.empty(rows, max(width, one.width, 8)) for one in program.intervals]
    registers: list[Array] = [None] * program.register_count
    for scalar in program.scalars:
        registers[scalar.target] = arrays.scalar(scalar.value, scalar.width)
    tables = [arrays.table(table.values, table.width) for table in program.tables]
    lines = list(zip(program.instructions, program.finished, strict=True))
    for start in range(0, rows, arrays.rows_a_chunk):
        chunk = slice(start, start + arrays.rows_a_chunk)
        for instruction, finished in lines:
            match instruction.operation:
                case Operation.LOAD:
                    column = columns[instruction.operands[0]]
                    value = arrays.cast(column[chunk], instruction.width)
                case Operation.TAKE:
                    table, index = instruction.operands
                    value = arrays.take(tables[table], registers[index])
                case _:
                    operands = [registers[one] for one in instruction.operands]
                    value = _computed(instruction, operands, arrays)
            registers[instruction.target] = value
            for register in finished:
                registers[register] = None
        for result, register in zip(results, program.results, strict=True):
            result[chunk] = registers[register]
    return results


def _computed(instruction: Instruction, operands: Sequence[Array], arrays: ArrayLibrary) -> Array:
    match instruction.operation, operands:
        case Operation.ADD, (left, right):
            return left + right
        case Operation.SUBTRACT, (left, right):
            return left - right
        case Operation.MULTIPLY, (left, right):
            return left * right
        case Operation.FLOOR_DIVIDE, (left, right):
            return left // right
        case Operation.REMAINDER, (left, right):
            return left % right
        case Operation.MINIMUM, (left, right):
            return arrays.minimum(left, right)
        case Operation.MAXIMUM, (left, right):
            return arrays.maximum(left, right)
        case Operation.ABSOLUTE, (operand,):
            return abs(operand)
        case Operation.EQUAL, (left, right):
            return left == right
        case Operation.NOT_EQUAL, (left, right):
            return left != right
        case Operation.LESS, (left, right):
            return left < right
        case Operation.LESS_OR_EQUAL, (left, right):
            return left <= right
        case Operation.AND, (left, right):
            return left & right
        case Operation.OR, (left, right):
            return left | right
        case Operation.NOT, (operand,):
            return ~operand
        case Operation.CHOOSE, (condition, then, otherwise):
            return arrays.choose(condition, then, otherwise)
        case Operation.CAST, (operand,):
            return arrays.cast(operand, instruction.width)
        case _:
            raise InternalError(f"no such instruction: {instruction}")
