"""The templates' environment: escaping and printing that no template can forget, and templates compiled ahead.

Compiling the templates takes longer than filling them. `python -m interlock.report.html.environment` compiles
them once, at build time, into BYTECODE beside this file; what is missing, stale (Jinja compares a digest of the
source) or made by another Python is compiled anew at run time, and nothing is ever written then.
"""

from __future__ import annotations

import io
import operator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, nodes
from jinja2.compiler import CodeGenerator

from interlock.report.html.filters import FILTERS, SHOWN, finalize, shown

if TYPE_CHECKING:
    from jinja2.bccache import Bucket
    from jinja2.compiler import Frame

__all__ = ["BYTECODE", "compile_templates", "environment"]

BYTECODE: Final = Path(__file__).with_name("bytecode")


_GENERATED: Final = "4:"
"""Stands before a template's source where its digest is taken, and changes with `_Generator`."""


class _Generator(CodeGenerator):
    """Python of templates as Jinja makes it, but for three things that a page does ten thousands of times.

    A value is made printable and escaped in one call, which remembers texts (`filters.shown`), in place of two calls
    and an object for the result; with what shortens it, too (`filters.SHOWN`). An attribute is read, and a macro or
    method called, as Python does: no template takes an attribute for a key, and nothing that one calls here asks for
    Jinja's context.
    """

    _whole: nodes.Expr | None = None
    """What is being put out, where its own call gives what the page has."""

    def _output_child_pre(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not frame.eval_ctx.autoescape or frame.eval_ctx.volatile:
            # Nothing of ours turns escaping off; who does gets what Jinja makes of it.
            super()._output_child_pre(node, frame, finalize)
        elif _is_macro(node) or (isinstance(node, nodes.Filter) and node.name in SHOWN):
            self._whole = node
        else:
            self.write("environment.shown(")

    def _output_child_post(self, node: nodes.Expr, frame: Frame, finalize: Any) -> None:
        if not frame.eval_ctx.autoescape or frame.eval_ctx.volatile:
            super()._output_child_post(node, frame, finalize)
        elif self._whole is node:
            self._whole = None
        else:
            self.write(")")

    def visit_Filter(self, node: nodes.Filter, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        """Write `shown_filter(whatever, …)` where the result is all that is put out."""
        if node is not self._whole or node.node is None:
            super().visit_Filter(node, frame)
            return
        self.write(f"environment.shown_{node.name}(")
        self.visit(node.node, frame)
        self.signature(node, frame)
        self.write(")")

    def visit_Call(self, node: nodes.Call, frame: Frame, forward_caller: bool = False) -> None:  # noqa: N802 - Jinja's name
        """Write `straight(whatever, …)`; of a macro all of whose markup is put out, `(macro)._func(…)`."""
        if forward_caller:
            super().visit_Call(node, frame, forward_caller)
            return
        if node is self._whole:
            self.visit(node.node, frame)
            self.write("._func(")
            for place, argument in enumerate(node.args):
                self.write(", " if place else "")
                self.visit(argument, frame)
            self.write(")")
            return
        self.write("environment.straight(")
        self.visit(node.node, frame)
        self.signature(node, frame)
        self.write(")")

    def visit_Getattr(self, node: nodes.Getattr, frame: Frame) -> None:  # noqa: N802 - Jinja's name
        """Write `(whatever).name`."""
        self.write("(")
        self.visit(node.node, frame)
        self.write(f").{node.attr}")


def _is_macro(node: nodes.Expr) -> bool:
    """Whether a macro is called by its name, with all of its values in their order: what it gives is markup already.

    Nothing else that our templates call by a bare name is put out.
    """
    if not (isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name)):
        return False
    return not (node.kwargs or node.dyn_args or node.dyn_kwargs)


class _Templates(Environment):
    code_generator_class = _Generator
    shown = staticmethod(shown)
    straight: ClassVar[Any] = operator.call


for _name, _function in SHOWN.items():
    setattr(_Templates, f"shown_{_name}", staticmethod(_function))


class _Shipped(BytecodeCache):
    """Bytecode of templates in a folder; read only unless `writes`."""

    def __init__(self, folder: Path, *, writes: bool = False) -> None:
        self._folder = folder
        self._writes = writes

    def get_cache_key(self, name: str, filename: str | None = None) -> str:
        """By name alone: the package may lie anywhere."""
        del filename
        return name

    def get_source_checksum(self, source: str) -> str:
        """Of the source, and of who makes Python of it."""
        return super().get_source_checksum(_GENERATED + source)

    def load_bytecode(self, bucket: Bucket) -> None:
        """See jinja2.BytecodeCache."""
        path = self._folder / f"{bucket.key}.bin"
        if path.is_file():
            bucket.load_bytecode(io.BytesIO(path.read_bytes()))

    def dump_bytecode(self, bucket: Bucket) -> None:
        """See jinja2.BytecodeCache."""
        if self._writes:
            (self._folder / f"{bucket.key}.bin").write_bytes(bucket.bytecode_to_string())


def environment(*, writes: bool = False) -> Environment:
    """The report's environment. writes: keep in BYTECODE what had to be compiled."""
    made = _Templates(
        loader=PackageLoader("interlock.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=finalize,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=_Shipped(BYTECODE, writes=writes),
    )
    made.filters.update(FILTERS)
    return made


def compile_templates() -> tuple[str, ...]:
    """Compile every template into BYTECODE; their names."""
    BYTECODE.mkdir(exist_ok=True)
    made = environment(writes=True)
    names = tuple(name for name in made.list_templates() if name.endswith(".j2"))
    for name in names:
        made.get_template(name)
    return names


if __name__ == "__main__":
    compile_templates()
