"""How a list is read to its end: by page, by key, or by the API's cursor.

Each way is a generator. It yields the rows of a page once they are what was asked for, and ends
only when the replies have shown the end.
"""

from collections.abc import Iterator

from source_bigcommerce.components.backward import Backward
from source_bigcommerce.components.page import Ask, Page, Seen, SmallerPages, as_count
from source_bigcommerce.components.reply import Row


def by_page(ask: Ask, seen: Seen, first: Page | None = None) -> Iterator[list[Row]]:
    """By page number, backward, and once more by smaller pages where one is too heavy.

    first: the reply without a page, if it is there already.
    """
    while True:
        try:
            yield from Backward(ask, seen, first or ask({})).read()
            return
        except SmallerPages:
            first = None


def by_key(ask: Ask, seen: Seen, parameter: str) -> Iterator[list[Row]]:
    """Asks for the rows beyond the key of the last one.

    A filter may include the key itself; whether `min_id` does is not documented. So rows are asked
    for from the last key on, and from the next number on once the filter is seen to include it.

    If rows come in another order, or nothing comes although more was counted, the store ignores
    the key, and the list is read by page.
    """
    page = ask({})
    total = page.total or 0
    if page.rows and not (page.may_be_cut or page.next_link or total > len(page.rows)):
        yield seen.new(page)  # in any order: this is all there is
        return
    if not page.rows and (page.pages or 1) > 1:
        ask.by_page_instead("pages are counted, and nothing comes")
        yield from by_page(ask, seen, page)
        return
    last, asked = None, None
    while True:
        keys = _ascending(page.rows, seen.key, asked)
        if keys is None:
            ask.by_page_instead(f"rows that are not in the order of {parameter}")
            yield from by_page(ask, seen, page if last is None else None)
            return
        is_known = keys[:1] == [last]
        seen.add_keys(keys[is_known:])
        left = _left(page, total, seen)
        includes_key = is_known or asked != last
        # As many rows as are counted must come; and with an inclusive `min_id`, the row it names.
        must_come = not includes_key and parameter.startswith("min_")
        if page.is_counted:
            must_come = left > 0
        # If the count is of all rows and some of them have left, it may not show rows that follow.
        is_unsure = total > (page.total or 0) > total - (seen.count - len(page.rows))
        yield page.rows[is_known:]
        if not keys or not (page.may_be_cut or page.next_link or left > 0 or is_unsure):
            return
        last = keys[-1]
        asked = last + includes_key
        page = ask({parameter: asked})
        if not page.rows and asked != last and parameter.startswith("min_"):
            # The reply may have come by mistake: with the last row, something must come.
            asked, must_come = last, True
            page = ask({parameter: asked})
            if _ascending(page.rows, seen.key, asked) == [last]:
                return
        if not page.rows and must_come:  # a bulk edit can really empty a window
            rest = _rest(ask, seen, f"nothing for {parameter}={asked}")
            if rest:
                yield from rest
                return


def by_cursor(ask: Ask, seen: Seen) -> Iterator[list[Row]]:
    """Follows the reply's cursor while there is a new one. Reads by page if there is none."""
    page, followed, total = ask({}), set[str](), None
    if not page.next_cursor:
        yield from by_page(ask, seen, page)
        return
    is_led_on = False
    while True:
        fresh = seen.new(page)
        total = page.believed_total if not followed else total
        if len(fresh) < len(page.rows):
            ask.by_page_instead("rows that were there before")
            yield fresh
            yield from by_page(ask, seen)
            return
        yield fresh
        promised = page.next_link or (total is not None and total > seen.count)
        if not page.next_cursor:
            if not (promised or is_led_on) and (total is not None or not page.is_full):
                return
            reason = "no further cursor"
        elif total is not None and not promised and not page.may_be_cut:
            return
        elif page.next_cursor in followed:
            if not promised and total is not None:
                return
            reason = "a cursor that was followed before"
        else:
            followed.add(page.next_cursor)
            asked, leads_on = {"after": page.next_cursor}, page.next_link
            may_go_on = promised or (total is None and page.is_full)
            page = ask(asked)
            if not page.rows and may_go_on:
                page = ask(asked)  # the reply may have come by mistake
            is_led_on = leads_on and not page.rows
            continue
        yield from _rest(ask, seen, reason) or ()
        return


def _rest(ask: Ask, seen: Seen, reason: str) -> Iterator[list[Row]] | None:
    """The list by page; None if it counts no more rows than were read."""
    whole = ask({})
    if not whole.rows or _is_all(whole, seen):
        return None
    ask.by_page_instead(reason)
    return by_page(ask, seen, whole)


def _left(page: Page, total: int, seen: Seen) -> int:
    """How many rows a reply promises beyond its own. It may count those after the key, or all.

    total: what the first reply counted.
    """
    if page.total is None:
        return 0
    counts_behind = page.total <= total - (seen.count - len(page.rows))
    return page.total - (len(page.rows) if counts_behind else seen.count)


def _is_all(whole: Page, seen: Seen) -> bool:
    """Whether the list, asked for without key or cursor, counts no more rows than were read."""
    total = whole.believed_total
    is_of_page = total == len(whole.rows) and whole.may_be_cut
    return total is not None and total <= seen.count and not is_of_page


def _ascending(rows: list[Row], key: str, asked: int | None) -> list[int] | None:
    """The rows' keys; None if they do not ascend, or if a row has none."""
    keys: list[int] = []
    for row in rows:
        found, lowest = as_count(row.get(key)), keys[-1] + 1 if keys else asked or 0
        if found is None or found < lowest:
            return None
        keys.append(found)
    return keys
