"""A text that is being read from left to right."""

import re
from collections.abc import Iterator
from typing import NoReturn, final

from sim.assumptions.distributions.numbers import NUMBER, refuse_comma, to_float
from sim.errors import InputError

EXAMPLES = "0.2, 1/3, 20%, 0.15 to 0.25, low 0.10 base 0.15 high 0.22, beta(mean=0.2, sd=0.03)"

_WORD = re.compile(r"[A-Za-z]+(?![A-Za-z0-9_])")


def shown(text: str) -> str:
    """The text for a message: short, and without signs that a terminal would obey."""
    short = text if len(text) <= 120 else text[:117] + "..."
    return short if short.isprintable() else repr(short)[1:-1]


@final
class Cursor:
    """A text and how far it has been read.

    Parameters
    ----------
    text
        As it was written.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def fail(self, wanted: str = "") -> NoReturn:
        """Refuse the text, naming what should stand here, or else the forms that there are.

        Raises
        ------
        InputError
            Always.
        """
        if not wanted:
            raise InputError(f"'{shown(self.text)}' is not a quantity; write for example {EXAMPLES}")
        left = shown(self.text[self.at : self.at + 20].strip())
        rest = f"'{left}'" if left else "the end"
        raise InputError(f"{shown(self.text)}: expected {wanted}, found {rest}")

    def finish(self) -> None:
        """Refuse what is left over."""
        self._skip_space()
        if self.at < len(self.text):
            self.fail()

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Read what the pattern matches here, if it does."""
        self._skip_space()
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def expect(self, pattern: re.Pattern[str], wanted: str) -> str:
        """Read what the pattern matches, which must stand here; without the space around it."""
        found = self.match(pattern)
        return found[0].strip() if found and found[0].strip() else self.fail(wanted)

    def sign(self, sign: str) -> bool:
        """Read this one sign, if it stands here."""
        self._skip_space()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) if found else 0
        return found

    def need(self, sign: str) -> None:
        """Read this one sign, which must stand here."""
        if not self.sign(sign):
            self.fail(f"'{sign}'")

    def word(self, word: str) -> bool:
        """Read this word, if it stands here."""
        before = self.at
        found = self.match(_WORD)
        if found and found[0] == word:
            return True
        self.at = before
        return False

    def number_if_any(self) -> float | None:
        """Read a number, if one stands here."""
        found = self.match(NUMBER)
        if found is None:
            return None
        refuse_comma(self.text, found)
        return to_float(found)

    def number(self) -> float:
        """Read a number, which must stand here."""
        found = self.number_if_any()
        return self.fail("a number") if found is None else found

    def arguments(self) -> Iterator[None]:
        """Stand before each argument of `(…, …)` in turn; the caller reads it before the next step."""
        self.need("(")
        while not self.sign(")"):
            yield
            if self.sign(")"):
                return
            if not self.sign(","):
                self.fail("',' or ')'")

    def _skip_space(self) -> None:
        """Skip white space."""
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1
