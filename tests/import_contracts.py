"""The import contract that pyproject.toml states once per layer: what it may import, all else forbidden.

Only direct imports count: `bot.slack` reaches the tables through `bot.services`, as services are for that.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from importlinter import Contract, ContractCheck, fields, output

if TYPE_CHECKING:
    from grimp import ImportGraph


def within(module: str, package: str) -> bool:
    """Whether `module` is `package` or lies inside it."""
    return module == package or module.startswith(package + ".")


class LayerContract(Contract):
    """`layer` imports itself, the standard library, `may_import`; `apart_from` has its own contracts."""

    type_name = "layer"

    layer = fields.StringField()
    may_import = fields.SetField(subfield=fields.StringField(), required=False)
    apart_from = fields.SetField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Collect every import that the layer's list does not allow."""
        layer = str(self.layer)
        root = layer.partition(".")[0]  # the package itself holds no more than the version
        apart = _names(self.apart_from)
        allowed = _names(self.may_import) | sys.stdlib_module_names | {"_typeshed"}  # as types only
        offenders = [
            f"{module} imports {imported} (lines {_lines(graph, module, imported)})"
            for module in sorted(graph.modules)
            if within(module, layer) and not any(within(module, room) for room in apart)
            for imported in sorted(graph.find_modules_directly_imported_by(module))
            if imported != root
            and not any(within(imported, room) for room in allowed)
            and (not within(imported, layer) or any(within(imported, room) for room in apart))
        ]
        return ContractCheck(kept=not offenders, metadata={"offenders": offenders})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line per forbidden import."""
        for offender in check.metadata["offenders"]:
            output.print_error(offender)


def _names(parsed: object) -> frozenset[str]:
    """What import-linter made of a field: a set, or None where pyproject.toml leaves it out."""
    return frozenset(str(name) for name in parsed) if isinstance(parsed, set) else frozenset()


def _lines(graph: ImportGraph, importer: str, imported: str) -> str:
    details = graph.get_import_details(importer=importer, imported=imported)
    return ", ".join(str(detail["line_number"]) for detail in details)
