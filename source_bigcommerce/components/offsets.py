"""How a list of B2B Edition is read to its end: by the number of rows to skip."""

from collections.abc import Iterator

from source_bigcommerce.components.messages import LIST_ENDLESS, LIST_UNPROVED
from source_bigcommerce.components.page import Ask, Page, Seen
from source_bigcommerce.components.reply import Row, described

# One in so many rows of a page is also on the page before it.
_OVERLAP = 20
# How often a list is read again if fewer rows came than it counts.
_ROUNDS = 2


def by_offset(ask: Ask, seen: Seen) -> Iterator[list[Row]]:
    """Reads the first page, then from the last page backward to the first.

    Rows shift while a list is read. If one is deleted, later rows move forward, onto pages that are
    still to be read: they come twice instead of never. If one moves to the front, others move
    backward, onto a page that was read. So pages overlap by a twentieth, and a list that counts
    more rows than came is read again.

    The API may grant fewer rows than asked for, so the size of the first page decides how far apart
    pages are.

    Raises an error if the store repeats the first page in place of another one, or if fewer rows
    came than it counts both at the start and at the end.
    """
    page = ask({})
    first, granted = _total(page), len(page.rows)
    if not granted and first:
        raise LIST_UNPROVED.error(f"{first} rows counted, none sent: {described(page.response)}")
    first_identity = page.identity
    yield seen.new(page)
    if not page.may_be_cut and first <= granted:
        return
    step = max(1, granted - max(1, granted // _OVERLAP))
    offset = step * max(1, -(-(first - granted) // step))
    while True:
        page = ask({"offset": offset})
        if page.rows and page.identity == first_identity:
            is_all = 0 < _total(page) <= seen.count
            if is_all or (page.limit is None and not page.is_counted):  # no pages are documented
                return
            raise LIST_ENDLESS.error(f"offset is ignored: {described(page.response)}")
        yield seen.new(page)
        is_behind = page.may_be_cut or _total(page) > offset + len(page.rows)
        if not page.rows or not is_behind:
            break
        offset += step
    for is_again in (False, *[True] * _ROUNDS):
        for behind in range(offset - step, -1, -step):
            page = ask({"offset": behind} if behind else {})
            yield seen.new(page)
            if is_again and seen.count >= _total(page):
                return
        if seen.count >= _total(page):
            return
        offset = step * -(-_total(page) // step)
    if seen.count < min(first, _total(page)):
        raise LIST_UNPROVED.error(f"{seen.count} rows of {first}: {described(page.response)}")


def _total(page: Page) -> int:
    """The rows that a reply counts in its list; 0 if it may count only its own rows."""
    return page.believed_total or 0
