"""link: many modules into one source."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import count

from hpmtasks.hemlock.bundle.gather import Unit, Unlinkable
from hpmtasks.hemlock.bundle.rename import changed_in, rewritten, variables_in
from hpmtasks.hemlock.lookup import STDLIB
from hpmtasks.hemlock.module import Import
from hpmtasks.hemlock.tokens import tokens_of

# The interpreter executes a source otherwise, and not as well, where no line begins with this word.
_AS_A_MODULE = b"import is the word by which the interpreter takes this for a module, as its parts were.\n"
#: A module's name for something, and the module: what a name means in the end.
Meaning = tuple[str, str]


def link(units: Sequence[Unit], head: Iterable[str] = (), *, keep_names: bool = True) -> bytes:
    """One source that does what the last of *units* does with all of them.

    Args:
        head: Lines of comment.
        keep_names: Leave names as they are where nobody else means something by them. What is compiled
            runs where the built-in functions are, and must not be called like one of them.

    Raises:
        Unlinkable: A name is imported that its module has not, or C functions are declared in two ways.
    """
    return _Linker(units, keep_names=keep_names).text(head)


class _Linker:
    def __init__(self, units: Sequence[Unit], *, keep_names: bool) -> None:
        self.units = units
        self.keep_names = keep_names
        self.by_path = {unit.path: unit for unit in units}
        self.words = {unit.path: _words(unit) for unit in units}
        self.all_words = frozenset().union(*self.words.values())
        self.names: dict[Meaning, str] = {}
        self.used: set[str] = set()
        self.problems: list[str] = []
        self.stdlib: dict[str, list[str]] = {}
        self.externs: dict[str, str] = {}
        for unit in reversed(units):  # the program keeps its names
            self._name(unit)

    def text(self, head: Iterable[str]) -> bytes:
        """The bundle."""
        bodies = [self._body(unit) for unit in self.units]
        if self.problems:
            raise Unlinkable(self.problems)
        imports = []
        for path, clauses in self.stdlib.items():
            named = [each for each in clauses if not each.startswith("*")]
            if named:
                imports.append(f'import {{ {", ".join(dict.fromkeys(named))} }} from "{path}";\n')
            imports += [
                f'import {each} from "{path}";\n' for each in dict.fromkeys(clauses) if each not in named
            ]
        lines = [f"{line}\n".encode("utf-8", "surrogateescape") for line in head]
        return b"".join([b"/*\n", *lines, _AS_A_MODULE, b"*/\n", "".join(imports).encode(), *bodies])

    # ---- what things are called

    def _name(self, unit: Unit) -> None:
        """Each name that *unit* makes is like no other; it stays where nobody means another thing by it."""
        for name, how in unit.module.bindings.items():
            if how == "import":
                continue
            is_free = self.keep_names and self._is_free(name)
            self.names[unit.path, name] = name if is_free or how == "extern" else self._fresh(name)
            self.used.add(self.names[unit.path, name])

    def _is_free(self, name: str) -> bool:
        """Whether something may be called *name*: wherever that is written, it will be written otherwise."""
        return name not in self.used and all(
            name in other.module.bindings for other in self.units if name in self.words[other.path]
        )

    def _fresh(self, name: str) -> str:
        fresh = next(
            each
            for each in (f"{name}_{number}" for number in count(2))
            if each not in self.used | self.all_words
        )
        self.used.add(fresh)
        return fresh

    # ---- what names mean

    def _meaning(self, unit: Unit, name: str, seen: frozenset[Meaning] = frozenset()) -> Meaning | None:
        """Whose name *name* is in *unit*: its own, or one that it imports."""
        if (unit.path, name) in seen:
            return None
        seen |= {(unit.path, name)}
        if unit.module.bindings.get(name, "import") != "import":
            return unit.path, name
        for each in unit.module.imports:
            path = unit.target_of(each)
            for theirs, ours in each.names:
                if ours == name:
                    return (path, theirs) if path.startswith(STDLIB) else self._taken(path, theirs, seen)
            if each.namespace == name:
                return unit.path, name
            if each.kind == "star" and not path.startswith(STDLIB) and name in self._exports(path):
                return self._taken(path, name, seen)
        return None

    def _taken(self, path: str, name: str, seen: frozenset[Meaning] = frozenset()) -> Meaning | None:
        """What an import of *name* from the module *path* gets: what it exports so, else what it calls so."""
        unit = self.by_path[path]
        for part in unit.module.exports:
            for ours, theirs in part.names:
                if theirs == name:
                    return self._meaning(unit, ours, seen)
        return self._meaning(unit, name, seen)

    def _exports(self, path: str) -> tuple[str, ...]:
        return self.by_path[path].module.exported

    def _called(self, meaning: Meaning) -> str:
        """What stands in the bundle for *meaning*."""
        path, name = meaning
        if meaning not in self.names:
            new = name if self._is_free(name) else self._fresh(name)
            self.used.add(new)
            self.names[meaning] = new
            if path.startswith(STDLIB):
                self.stdlib.setdefault(path, []).append(name if new == name else f"{name} as {new}")
        return self.names[meaning]

    def _stdlib_namespace(self, path: str, wished: str) -> str:
        """What the one namespace of a module of the stdlib is called."""
        if (path, "*") not in self.names:
            self.names[path, "*"] = wished if self._is_free(wished) else self._fresh(wished)
            self.used.add(self.names[path, "*"])
            self.stdlib.setdefault(path, []).append(f"* as {self.names[path, '*']}")
        return self.names[path, "*"]

    # ---- a module's part of the text

    def _body(self, unit: Unit) -> bytes:
        names = {name: self.names[unit.path, name] for path, name in self.names if path == unit.path}
        pieces: dict[tuple[int, int], str] = {}
        for each in unit.module.imports:
            pieces[each.start, each.end] = self._import(unit, each, names)
        for part in unit.module.exports:
            pieces[part.start, part.end] = ""
        pieces |= self._repeated_externs(unit)
        if unit.source.startswith("#!"):
            pieces[0, (unit.source + "\n").index("\n")] = ""
        # Positions do not move: what a name means is known before any text changes.
        text = rewritten(unit.source, {old: new for old, new in names.items() if old != new}, pieces)
        first = f"\n// ==== {unit.shown}, from its line 1 ====\n"
        return first.encode("utf-8", "surrogateescape") + text.rstrip().encode("latin-1") + b"\n"

    def _import(self, unit: Unit, imported: Import, names: dict[str, str]) -> str:
        """What stands in the place of *imported*; *names* learns what it brings."""
        path = unit.target_of(imported)
        if imported.kind == "namespace":
            return self._namespace(unit, imported, path, names)
        if imported.kind == "star" and path.startswith(STDLIB):
            self.stdlib.setdefault(path, []).append("*")
            return ""
        pairs = imported.names or tuple((name, name) for name in self._exports(path))
        copies = []
        for theirs, ours in pairs:
            meaning = (path, theirs) if path.startswith(STDLIB) else self._taken(path, theirs)
            if meaning is None:
                if imported.kind != "star":
                    self.problems.append(f"{unit.shown}:{imported.line}: {imported.path} has no {theirs}.")
                continue
            called = self._called(meaning)
            if imported.kind != "reexport" and self._is_a_copy(meaning):
                copy = self._fresh(ours)
                copies.append(f"const {copy} = {called};")
                called = copy
            names[ours] = called
        return " ".join(copies)

    def _namespace(self, unit: Unit, imported: Import, path: str, names: dict[str, str]) -> str:
        own = (unit.path, imported.namespace)
        if path.startswith(STDLIB):
            names[imported.namespace] = self._stdlib_namespace(path, imported.namespace)
            return ""
        called = self._called(own)
        names[imported.namespace] = called
        fields = []
        for name in self._exports(path):
            meaning = self._taken(path, name)
            if meaning is not None:
                fields.append(f"{name}: {self._called(meaning)}")
        return f"const {called} = {{ {', '.join(fields)} }};" if fields else f"const {called} = {{}};"

    def _is_a_copy(self, meaning: Meaning) -> bool:
        """Whether an import takes the value of that moment, and the name may have another one later."""
        unit = self.by_path.get(meaning[0])
        if unit is None or unit.module.bindings.get(meaning[1]) not in {"let", "fn"}:
            return False
        return changed_in(unit.source, meaning[1])

    def _repeated_externs(self, unit: Unit) -> Mapping[tuple[int, int], str]:
        """C functions keep their names; who declares one again, and as it was, need not."""
        pieces = {}
        for name in [name for name, how in unit.module.bindings.items() if how == "extern"]:
            start = _place_of_extern(unit.source, name)
            end = unit.source.find(";", start) + 1
            said = " ".join(unit.source[start:end].split())
            if name not in self.externs:
                self.externs[name] = said
            elif self.externs[name] == said:
                pieces[start, end] = ""
            else:
                self.problems.append(f"{unit.shown}: extern fn {name} is declared otherwise elsewhere.")
        return pieces


def _words(unit: Unit) -> frozenset[str]:
    """Every name in *unit*, but for what its imports call others' things."""
    imports = {(each.start, each.end): "" for each in unit.module.imports}
    return variables_in(rewritten(unit.source, {}, imports))


def _place_of_extern(source: str, name: str) -> int:
    """Where the declaration of the C function *name* begins; there is one."""
    tokens = list(tokens_of(source))
    return next(
        first.start
        for first, second, third in zip(tokens, tokens[1:], tokens[2:], strict=False)
        if (first.text, second.text, third.text) == ("extern", "fn", name)
    )
