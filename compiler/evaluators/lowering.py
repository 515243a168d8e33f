"""Expressions lowered to a straight line of array operations, each computed once.

While lowering, the interval of every value is tracked. It picks the narrowest integer type in
which neither operands nor result overflow, decides comparisons that never vary, and shows which
mechanisms are small enough to become a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any as Array

from causalspec.compiler import expressions as nodes
from causalspec.compiler.evaluators.arrays import BOOLEAN, NUMPY
from causalspec.compiler.evaluators.intervals import (
    Interval,
    arithmetic_interval,
    decided,
    decided_of_one,
)
from causalspec.compiler.evaluators.program import (
    Instruction,
    Operation,
    Program,
    ScalarRegister,
    Table,
    run,
)
from causalspec.compiler.expressions import ArithmeticOperator, ComparisonOperator, Expression
from causalspec.compiler.model import Variable
from causalspec.dsl.diagnostics import InternalError

TABLE_LIMIT = 4096
"""A mechanism whose parents have at most this many settings may become a table of them."""

TRUTH = Interval(0, 1)

_ARITHMETIC = {
    ArithmeticOperator.ADD: Operation.ADD,
    ArithmeticOperator.SUBTRACT: Operation.SUBTRACT,
    ArithmeticOperator.MULTIPLY: Operation.MULTIPLY,
    ArithmeticOperator.FLOOR_DIVIDE: Operation.FLOOR_DIVIDE,
    ArithmeticOperator.REMAINDER: Operation.REMAINDER,
    ArithmeticOperator.MINIMUM: Operation.MINIMUM,
    ArithmeticOperator.MAXIMUM: Operation.MAXIMUM,
}
_COMPARISONS = {
    ComparisonOperator.EQUAL: Operation.EQUAL,
    ComparisonOperator.NOT_EQUAL: Operation.NOT_EQUAL,
    ComparisonOperator.LESS: Operation.LESS,
    ComparisonOperator.LESS_OR_EQUAL: Operation.LESS_OR_EQUAL,
}


class ProgramBuilder:
    """Lowers expressions to registers. Equal operations share a register."""

    def __init__(self) -> None:
        self._intervals: list[Interval] = []
        self._widths: list[int] = []
        self._constants: list[int | None] = []
        self._scalars: dict[tuple[int, int], int] = {}
        self._tables: dict[Table, int] = {}
        self._known: dict[tuple[Operation, tuple[int, ...], int], int] = {}
        self._instructions: list[Instruction] = []

    # Registers ---------------------------------------------------------------------------------

    def interval(self, register: int) -> Interval:
        """Every value that the register can have."""
        return self._intervals[register]

    def constant(self, value: int, width: int | None = None) -> int:
        """The register of a constant, in `width` bits where that is given."""
        width = width or Interval(value, value).width
        register = self._scalars.get((value, width))
        if register is None:
            register = self._new_register(Interval(value, value), width, value)
            self._scalars[value, width] = register
        return register

    def load(self, column: int, interval: Interval) -> int:
        """The register of a given column, whose codes all lie in `interval`."""
        return self._emit(Operation.LOAD, (column,), interval, interval.width)

    def _new_register(self, interval: Interval, width: int, constant: int | None) -> int:
        self._intervals.append(interval)
        self._widths.append(width)
        self._constants.append(constant)
        return len(self._intervals) - 1

    def _emit(
        self, operation: Operation, operands: tuple[int, ...], interval: Interval, width: int
    ) -> int:
        if interval.low == interval.high:
            return self.constant(interval.low)
        key = (operation, operands, width)
        register = self._known.get(key)
        if register is None:
            register = self._known[key] = self._new_register(interval, width, None)
            self._instructions.append(Instruction(operation, operands, width, register))
        return register

    def _as_width(self, register: int, width: int) -> int:
        constant = self._constants[register]
        if constant is not None:
            return self.constant(int(constant != 0) if width == BOOLEAN else constant, width)
        if self._widths[register] == width:
            return register
        interval = self._intervals[register]
        if width == BOOLEAN and not 0 <= interval.low <= interval.high <= 1:
            interval = TRUTH if interval.low <= 0 <= interval.high else Interval(1, 1)
        return self._emit(Operation.CAST, (register,), interval, width)

    # Operations --------------------------------------------------------------------------------

    def _arithmetic(self, operator: ArithmeticOperator, left: int, right: int) -> int:
        a, b = self._intervals[left], self._intervals[right]
        interval = arithmetic_interval(operator, a, b)
        if operator is ArithmeticOperator.REMAINDER and a.low >= 0 and a.high < b.low:
            return left
        width = max(8, a.width, b.width, interval.width)
        operands = (self._as_width(left, width), self._as_width(right, width))
        return self._emit(_ARITHMETIC[operator], operands, interval, width)

    def _compare(self, operator: ComparisonOperator, left: int, right: int) -> int:
        a, b = self._intervals[left], self._intervals[right]
        constant = decided_of_one(operator) if left == right else decided(operator, a, b)
        if constant is not None:
            return self.constant(int(constant))
        width = max(a.width, b.width)
        operands = (self._as_width(left, width), self._as_width(right, width))
        return self._emit(_COMPARISONS[operator], operands, TRUTH, BOOLEAN)

    def _negation(self, operand: int) -> int:
        constant = self._constants[operand]
        if constant is not None:
            return self.constant(int(constant == 0))
        truth = self._as_width(operand, BOOLEAN)
        return self._emit(Operation.NOT, (truth,), TRUTH, BOOLEAN)

    def _junction(self, operation: Operation, operands: Sequence[int]) -> int:
        """The conjunction (`AND`) or disjunction (`OR`) of truth values."""
        neutral = operation is Operation.AND
        result: int | None = None
        for operand in operands:
            constant = self._constants[operand]
            if constant is not None:
                if (constant != 0) != neutral:
                    return self.constant(int(not neutral))
                continue
            truth = self._as_width(operand, BOOLEAN)
            if result is None:
                result = truth
            elif result != truth:
                result = self._emit(operation, (result, truth), TRUTH, BOOLEAN)
        return self.constant(int(neutral)) if result is None else result

    def _choice(self, condition: int, then: int, otherwise: int) -> int:
        constant = self._constants[condition]
        if constant is not None:
            return then if constant else otherwise
        if then == otherwise:
            return then
        match self._constants[then], self._constants[otherwise]:
            case 1, 0:
                return self._as_width(condition, BOOLEAN)
            case 0, 1:
                return self._negation(condition)
            case _:
                pass
        interval = self._intervals[then].hull(self._intervals[otherwise])
        width = interval.width
        operands = (
            self._as_width(condition, BOOLEAN),
            self._as_width(then, width),
            self._as_width(otherwise, width),
        )
        return self._emit(Operation.CHOOSE, operands, interval, width)

    def _take(self, table: tuple[int, ...], index: int) -> int:
        constant = self._constants[index]
        if constant is not None:
            return self.constant(table[min(max(constant, 0), len(table) - 1)])
        low, high = self._intervals[index]
        reached = table[max(low, 0) : high + 1] or table
        interval = Interval(min(reached), max(reached))
        # A truth value would be taken for a mask.
        index = self._as_width(index, max(8, self._widths[index]))
        width = Interval(min(table), max(table)).width
        number = self._tables.setdefault(Table(table, width), len(self._tables))
        return self._emit(Operation.TAKE, (number, index), interval, width)

    def _within(self, operand: int, low: int, high: int, step: int) -> int:
        first = self.constant(low)
        tests = [
            self._compare(ComparisonOperator.LESS_OR_EQUAL, first, operand),
            self._compare(ComparisonOperator.LESS_OR_EQUAL, operand, self.constant(high)),
        ]
        if step > 1:
            distance = self._arithmetic(ArithmeticOperator.SUBTRACT, operand, first)
            remainder = self._arithmetic(
                ArithmeticOperator.REMAINDER, distance, self.constant(step)
            )
            tests.append(self._compare(ComparisonOperator.EQUAL, remainder, self.constant(0)))
        return self._junction(Operation.AND, tests)

    def _absolute(self, operand: int) -> int:
        low, high = self._intervals[operand]
        if low >= 0:
            return operand
        interval = Interval(max(0, low, -high), max(-low, high))
        width = max(8, interval.width, Interval(low, high).width)
        return self._emit(Operation.ABSOLUTE, (self._as_width(operand, width),), interval, width)

    # Expressions -------------------------------------------------------------------------------

    def lower(
        self,
        postorder: Sequence[Expression],
        environment: Mapping[str, int],
        memory: dict[int, int],
    ) -> int:
        """The register of an expression, given by its nodes in `postorder`, whose references stand
        for registers of `environment`.

        `memory` remembers nodes by identity for as long as the environment stays the same.
        """
        for node in postorder:
            if id(node) not in memory:
                memory[id(node)] = self._node(node, environment, memory)
        return memory[id(postorder[-1])]

    def _node(
        self, node: Expression, environment: Mapping[str, int], memory: Mapping[int, int]
    ) -> int:
        match node:
            case nodes.Constant(value):
                return self.constant(value)
            case nodes.Reference(name):
                return environment[name]
            case nodes.Arithmetic(operator, left, right):
                return self._arithmetic(operator, memory[id(left)], memory[id(right)])
            case nodes.AbsoluteValue(operand):
                return self._absolute(memory[id(operand)])
            case nodes.Compare(operator, left, right):
                return self._compare(operator, memory[id(left)], memory[id(right)])
            case nodes.Not(operand):
                return self._negation(memory[id(operand)])
            case nodes.All(operands):
                return self._junction(Operation.AND, [memory[id(one)] for one in operands])
            case nodes.Any(operands):
                return self._junction(Operation.OR, [memory[id(one)] for one in operands])
            case nodes.Choose(condition, then, otherwise):
                return self._choice(memory[id(condition)], memory[id(then)], memory[id(otherwise)])
            case nodes.Within(operand, low, high, step):
                return self._within(memory[id(operand)], low, high, step)
            case nodes.Lookup(table, index):
                return self._take(table, memory[id(index)])
            case nodes.Undefined() | nodes.Defined():
                raise InternalError("columns are computed from total expressions alone")

    def tabulated(self, variable: Variable, environment: Mapping[str, int], largest: int) -> int:
        """A variable's mechanism as a table over its parents' settings where that saves work and
        takes at most `largest` entries, lowered as it stands otherwise.
        """
        parents = variable.parents
        registers = [environment[name] for name in parents]
        intervals = [self._intervals[register] for register in registers]
        size = 1
        for low, high in intervals:
            size *= high - low + 1
        # Finding the index costs two operations a parent, and reading the table about three.
        small = parents and size <= largest
        if not (small and len(variable.nodes) > 2 * len(parents) + 4):
            return self.lower(variable.nodes, environment, {})
        builder = ProgramBuilder()
        loads = [builder.load(k, interval) for k, interval in enumerate(intervals)]
        result = builder.lower(variable.nodes, dict(zip(parents, loads, strict=True)), {})
        grid = NUMPY.table(range(size), 64)
        columns: list[Array] = []
        index, stride = self.constant(0), size
        for register, (low, high) in zip(registers, intervals, strict=True):
            stride //= high - low + 1
            columns.append(low + grid // stride % (high - low + 1))
            position = self._arithmetic(ArithmeticOperator.SUBTRACT, register, self.constant(low))
            part = self._arithmetic(ArithmeticOperator.MULTIPLY, position, self.constant(stride))
            index = self._arithmetic(ArithmeticOperator.ADD, index, part)
        (values,) = run(builder.finish([result]), columns, size, NUMPY, 64)
        return self._take(tuple(values.tolist()), index)

    def finish(self, results: Sequence[int]) -> Program:
        """The program that computes the registers `results`, and nothing that they don't need."""
        needed = set(results)
        kept: list[tuple[Instruction, tuple[int, ...]]] = []
        for instruction in reversed(self._instructions):
            if instruction.target not in needed:
                continue
            match instruction.operation:
                case Operation.LOAD:
                    read: tuple[int, ...] = ()
                case Operation.TAKE:
                    read = instruction.operands[1:]
                case _:
                    read = instruction.operands
            finished = tuple(
                one for one in dict.fromkeys(read) if one not in needed and not self._is_scalar(one)
            )
            needed.update(read)
            kept.append((instruction, finished))
        kept.reverse()
        scalars = (
            ScalarRegister(register, value, width)
            for (value, width), register in self._scalars.items()
            if register in needed
        )
        return Program(
            register_count=len(self._intervals),
            scalars=tuple(scalars),
            tables=tuple(self._tables),
            instructions=tuple(instruction for instruction, _ in kept),
            finished=tuple(finished for _, finished in kept),
            results=tuple(results),
            intervals=tuple(self._intervals[register] for register in results),
        )

    def _is_scalar(self, register: int) -> bool:
        return self._constants[register] is not None
