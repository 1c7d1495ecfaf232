"""A rule while its options are read, one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from interlock.detect.signatures.language.facts import told_together
from interlock.detect.signatures.language.model import PAYLOAD, Inspection, Origin, Signature, Transformation
from interlock.detect.signatures.language.possible import refuse_what_never_holds
from interlock.detect.signatures.language.problems import RuleError
from interlock.detect.signatures.language.steps import Base64, Content, Expression

if TYPE_CHECKING:
    from interlock.detect.signatures.language.checks import Bits, Check, Count, Counter
    from interlock.detect.signatures.language.header import Header
    from interlock.detect.signatures.language.steps import Step

__all__ = ["Draft"]

_MOST_STEPS: Final = 200
"""Of one buffer; the longest rule of the public sets has 30."""

Place = tuple[str, tuple[Transformation, ...], int]


@dataclass(slots=True)
class Draft:
    """buffer: what content is looked for in now; `payload` where no sticky buffer is named.

    about: what is said once in a rule, by keyword. last: place and index of the content that modifiers are for; met:
    of the content or expression before, which relative words go on from, whatever buffer is in force.
    encoded: the last base64_decode; decoded: the steps of what it gives, once base64_data is read; inside: those of
    each, by the identity of its step.
    """

    header: Header
    buffer: str = PAYLOAD
    transformations: tuple[Transformation, ...] = ()
    instance: int = 0
    lists: dict[Place, list[Step]] = field(default_factory=dict)
    last: tuple[Place, int] | None = None
    met: tuple[Place, int] | None = None
    decoded: list[Step] | None = None
    encoded: Base64 | None = None
    checks: list[Check] = field(default_factory=list)
    effects: list[Bits | Counter] = field(default_factory=list)
    counting: Count | None = None
    silent: bool = False
    about: dict[str, Any] = field(default_factory=dict)
    references: list[tuple[str, str]] = field(default_factory=list)
    metadata: list[tuple[str, str]] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    inside: dict[int, list[Step]] = field(default_factory=dict)

    def stick(self, buffer: str, *, many: bool) -> None:
        """All that follows is for this buffer. many: it has several instances, so naming it again starts anew."""
        self.decoded = None
        self.last = None
        if many and any(place[0] == buffer for place in self.lists):
            self.instance += 1
        self.buffer, self.transformations = buffer, ()
        if buffer != PAYLOAD:
            self.lists.setdefault(self._place(), [])

    def transform(self, transformation: Transformation) -> None:
        """The buffer that was just named is changed before it is looked at. Raises RuleError."""
        place = self._place()
        if self.buffer == PAYLOAD or self.lists.get(place):
            raise RuleError(
                transformation.name, "stands behind the name of a buffer, before what is looked for in it"
            )
        self.lists.pop(place, None)
        self.transformations = (*self.transformations, transformation)
        self.lists.setdefault(self._place(), [])

    def _place(self) -> Place:
        return self.buffer, self.transformations, self.instance

    def add(self, step: Step) -> None:
        """One more step, for the buffer of now."""
        if self.decoded is not None:
            if len(self.decoded) >= _MOST_STEPS:
                raise RuleError("options", f"more than {_MOST_STEPS} things are asked of one buffer")
            self.decoded.append(step)
            return
        self._append(self._place(), step)

    def go_on(self, step: Step) -> None:
        """One more step, that goes on from the match before: in its buffer, where no sticky one is in force."""
        if self.decoded is None and self.buffer == PAYLOAD and self.met is not None:
            self._append(self.met[0], step)
        else:
            self.add(step)

    def ended(self) -> bool:
        """The match before is a content, and ends where its buffer ends from now on; False: it is none."""
        if self.decoded is not None:
            steps, index = self.decoded, len(self.decoded) - 1
        elif self.met is not None and self.buffer in {PAYLOAD, self.met[0][0]}:
            steps, index = self.lists[self.met[0]], self.met[1]
        else:
            return False
        step = steps[index] if steps else None
        if not isinstance(step, Content):
            return False
        steps[index] = replace(step, ends=True)
        return True

    def _append(self, place: Place, step: Step) -> None:
        steps = self.lists.setdefault(place, [])
        if len(steps) >= _MOST_STEPS:
            raise RuleError("options", f"more than {_MOST_STEPS} things are asked of one buffer")
        steps.append(step)
        if isinstance(step, Content):
            self.last = place, len(steps) - 1
        if isinstance(step, (Content, Expression)):
            self.met = place, len(steps) - 1

    def add_to(self, buffer: str, step: Step, keyword: str) -> None:
        """A step for a buffer that its own modifier names (`/U` of pcre). Raises RuleError."""
        if self.decoded is not None or self.buffer not in {PAYLOAD, buffer}:
            raise RuleError(keyword, f"asks for {buffer} while the sticky buffer {self.buffer} is in force")
        self._append((buffer, (), 0), step)

    def decode(self, step: Base64) -> None:
        """What follows `base64_data` is for what this step decodes."""
        if self.decoded is not None:
            raise RuleError("base64_decode", "stands within what base64_decode gave")
        self.add(step)
        self.encoded = step

    def enter_decoded(self) -> None:
        """Read on within what base64_decode gave. Raises RuleError."""
        if self.encoded is None:
            raise RuleError("base64_data", "stands behind base64_decode")
        self.decoded = []
        self.inside[id(self.encoded)] = self.decoded
        self.encoded = None

    def content(self, keyword: str) -> Content:
        """The content that a modifier is for. Raises RuleError."""
        steps, index = self._at(keyword)
        step = steps[index]
        assert isinstance(step, Content)
        return step

    def _at(self, keyword: str) -> tuple[list[Step], int]:
        """Where the last content stands; expressions and the like may stand behind it."""
        if self.decoded is not None:
            for index in range(len(self.decoded) - 1, -1, -1):
                if isinstance(self.decoded[index], Content):
                    return self.decoded, index
        elif self.last:
            return self.lists[self.last[0]], self.last[1]
        raise RuleError(keyword, "stands behind a content")

    def change(self, keyword: str, **changes: Any) -> None:
        """The last content is changed. Raises RuleError where it has that already, or there is none."""
        content = self.content(keyword)
        for name in changes:
            if getattr(content, name) not in {None, False}:
                raise RuleError(keyword, "is said twice of one content")
        steps, index = self._at(keyword)
        steps[index] = replace(content, **changes)

    def move(self, buffer: str, keyword: str) -> None:
        """The last content belongs to this buffer (`http_uri` behind a content). Raises RuleError."""
        content = self.content(keyword)
        if self.buffer != PAYLOAD or self.decoded is not None or self.last is None:
            raise RuleError(
                keyword, f"changes a content's buffer while the sticky buffer {self.buffer} is in force"
            )
        place, index = self.last
        del self.lists[place][index]
        self.add_to(buffer, content, keyword)

    def once(self, keyword: str, value: Any) -> None:
        """What a rule says once. Raises RuleError."""
        if keyword in self.about:
            raise RuleError(keyword, "is said twice")
        self.about[keyword] = value

    def inspections(self) -> tuple[Inspection, ...]:
        """What is asked of each buffer. Raises RuleError where a buffer is named and nothing asked of it."""
        made = []
        for (buffer, transformations, _), steps in self.lists.items():
            if not steps and buffer != PAYLOAD:
                raise RuleError(buffer, "is named, and nothing is asked of it")
            if steps:
                whole = tuple(self._whole(step) for step in steps)
                refuse_what_never_holds(whole)
                made.append(Inspection(buffer=buffer, transformations=transformations, steps=whole))
        return tuple(made)

    def _whole(self, step: Step) -> Step:
        inside = self.inside.get(id(step))
        return replace(step, steps=tuple(inside)) if inside and isinstance(step, Base64) else step

    def signature(self, origin: Origin, action: str, *, enabled: bool) -> Signature:
        """The rule, when all its options are read. Raises RuleError."""
        inspections = self.inspections()
        if "sid" not in self.about:
            raise RuleError("sid", "a rule has an id")
        return Signature(
            origin=origin,
            enabled=enabled,
            action=action,
            header=self.header,
            sid=self.about["sid"],
            gid=self.about.get("gid", 1),
            rev=self.about.get("rev", 0),
            message=self.about.get("msg", ""),
            classtype=self.about.get("classtype", ""),
            priority=self.about.get("priority", 0),
            inspections=inspections,
            checks=told_together(self.checks, {one.buffer for one in inspections}),
            effects=tuple(self.effects),
            counting=self.counting,
            silent=self.silent,
            references=tuple(self.references),
            metadata=tuple(self.metadata),
            target=self.about.get("target", ""),
        )
