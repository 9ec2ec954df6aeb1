"""What the connector assumes about the API: what is not documented, or differs between stores.

docs/assumptions.md has the table; `python scripts/assumptions.py` writes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from source_bigcommerce.probe import filters, headers, lists, orders, rows
from source_bigcommerce.probe.finding import Finding
from source_bigcommerce.probe.store import Store

Look = Callable[[Store], Finding]


@dataclass(frozen=True)
class Assumption:
    """One statement, and how a store is asked whether it holds there."""

    id: str
    statement: str
    leans: str
    """Component or stream that relies on it."""
    test: str
    consequence: str
    """What happens in a sync if it does not hold."""
    look: Look


def _each(*assumptions: tuple[str, str, str, str, str, Look]) -> tuple[Assumption, ...]:
    return tuple(Assumption(*each) for each in assumptions)


_ORDER = _each(
    (
        "orders_ascend",
        "With `sort=id` orders come in ascending order of their id.",
        "Rows (by key): orders and all that is read through them",
        "The ids of the first page.",
        "Noticed on the first page; the list is read by page number instead.",
        lists.orders_ascend,
    ),
    (
        "products_ascend",
        "With `sort=id` and `direction=asc` products come in ascending order of their id.",
        "Rows (by key): products and what is read through them",
        "The ids of the first page.",
        "Noticed on the first page; the list is read by page number instead.",
        lists.products_ascend,
    ),
    (
        "brands_ascend",
        "Without `sort` brands come in ascending order of their id.",
        "brands",
        "The ids of the first page.",
        "Nothing: pages are read from the last to the first, whatever their order.",
        lists.brands_ascend,
    ),
    (
        "min_id_heeded",
        "`min_id` of orders leaves out orders with a lower id.",
        "Rows (by key): orders",
        "A window of ids from the middle of the first page.",
        "Noticed on the next page; the list is read by page number instead.",
        lists.min_id_heeded,
    ),
    (
        "min_id_inclusive",
        "`min_id` includes the order of this id.",
        "Rows (by key): orders, coupons, gift_certificates, banners",
        "The same window.",
        "Nothing: pages overlap by a row, and a missing overlap is no loss.",
        lists.min_id_inclusive,
    ),
    (
        "max_id_heeded",
        "`max_id` of orders leaves out orders with a higher id.",
        "deletions.py: deleted_orders",
        "The same window.",
        "Noticed; no deletions of orders are told.",
        lists.max_id_heeded,
    ),
    (
        "max_id_inclusive",
        "`max_id` includes the order of this id.",
        "deletions.py: deleted_orders",
        "The same window.",
        "An order at the edge of a range is looked for in the wrong place.",
        lists.max_id_inclusive,
    ),
    (
        "id_greater_exclusive",
        "`id:greater` of products leaves out this id and those below.",
        "Rows (by key): products",
        "The ids after one from the middle of the first page.",
        "Noticed on the next page; the list is read by page number instead.",
        lists.id_greater_exclusive,
    ),
    (
        "id_min_heeded",
        "`id:min` of products brings products from this id on.",
        "deletions.py: deleted_products",
        "The ids from one in the middle of the first page on.",
        "Noticed; no deletions of products are told.",
        lists.id_min_heeded,
    ),
    (
        "order_count_exact",
        "`/v2/orders/count` counts what the list with the same filters has.",
        "Rows: the length of windows of orders",
        "The count of the window of ids.",
        "Windows are larger or smaller than meant; each is still read to its end.",
        lists.order_count_exact,
    ),
)

_PAGES = _each(
    (
        "pages_follow",
        "Page 2 of a list of v3 begins where page 1 ends.",
        "Rows (by page number)",
        "Brands, two rows a page.",
        "Noticed; such a list is an error unless it ends there.",
        lists.pages_follow,
    ),
    (
        "totals_exact",
        "`total` and `total_pages` of a list of v3 are right.",
        "Rows (by page number)",
        "Brands, once whole and once two rows a page.",
        "More requests: one page more is asked for than the totals say.",
        lists.totals_exact,
    ),
    (
        "limit_heeded",
        "A page holds as many rows as `limit` asks for, up to 250.",
        "Rows: how many requests a sync takes",
        "The longest lists.",
        "More requests.",
        lists.limit_heeded,
    ),
    (
        "customers_have_cursors",
        "Customers, asked for without a page, come with a cursor.",
        "Rows (by cursor)",
        "Two rows of customers.",
        "The list is read by page number instead.",
        lists.customers_have_cursors,
    ),
    (
        "cursors_heeded",
        "`after` brings the rows behind the cursor.",
        "Rows (by cursor)",
        "Two more rows of customers.",
        "Noticed on the second page; the list is read by page number instead.",
        lists.cursors_heeded,
    ),
    (
        "v2_end_is_204",
        "A page behind the last one of v2 is answered 204.",
        "Rows: the end of a list",
        "Orders, a page far behind.",
        "Nothing: an empty list and a 404 end it, too.",
        lists.v2_end_is_204,
    ),
    (
        "v3_end_is_empty",
        "A page behind the last one of v3 is answered 200 with no rows.",
        "Rows: the end of a list",
        "Brands, a page far behind.",
        "Nothing: a 204 ends it, too, and after a 404 the rows that came are checked.",
        lists.v3_end_is_empty,
    ),
    (
        "v2_limit_refused",
        "A `limit` above 250 is refused by v2.",
        "the form's largest Page size",
        "251 orders.",
        "Nothing: the form takes 250 at most.",
        lists.v2_limit_refused,
    ),
    (
        "v3_limit_refused",
        "A `limit` above 250 is refused by v3.",
        "the form's largest Page size",
        "251 brands.",
        "Nothing: the form takes 250 at most.",
        lists.v3_limit_refused,
    ),
    (
        "v2_unknown_refused",
        "v2 refuses a parameter that it does not know.",
        "WithArchived: `is_deleted`",
        "Orders with one.",
        "A parameter, such as `is_deleted`, may be ignored without a word: rows are checked.",
        partial(lists.unknown_refused, where="v2"),
    ),
    (
        "v3_unknown_refused",
        "v3 refuses a parameter that it does not know.",
        "all parameters of v3",
        "Brands with one.",
        "A parameter may be ignored without a word: rows are checked.",
        partial(lists.unknown_refused, where="v3"),
    ),
    (
        "pages_unknown_refused",
        "`/v3/content/pages` refuses a parameter that it does not know.",
        "pages",
        "Pages with one.",
        "Nothing: none is sent.",
        partial(lists.unknown_refused, where="pages"),
    ),
    (
        "customers_unknown_refused",
        "Lists below `/v3/customers` refuse a parameter that they do not know.",
        "customer_addresses and its like",
        "Customers' addresses with one.",
        "Nothing: none is sent.",
        partial(lists.unknown_refused, where="customers"),
    ),
    (
        "listings_unknown_refused",
        "Channel listings refuse a parameter that they do not know.",
        "channel_listings",
        "The listings of one channel with one.",
        "Nothing: none is sent.",
        lists.listings_refuse_unknown,
    ),
    (
        "whole_lists_refuse_pages",
        "A list that is documented without pages refuses `page`.",
        "Rows of unsized streams",
        "Order statuses, page 2.",
        "Such a list may arrive twice; keys make its rows one again.",
        lists.whole_lists_refuse_pages,
    ),
    (
        "whole_lists_are_whole",
        "A list that is documented without pages is sent whole.",
        "Rows of unsized streams",
        "Order statuses, page 2.",
        "Nothing: further pages are asked for where a page is as long as one may be.",
        lists.whole_lists_are_whole,
    ),
    (
        "later_children_follow",
        "Page 2 of one order's line items begins where page 1 ends.",
        "ChildRows",
        "An order with many lines, a line a page.",
        "The stream ends with an error that names the order, if it has more than 250 rows.",
        lists.later_children_follow,
    ),
    (
        "small_pages_of_ten",
        "With `include=options` or `modifiers` a page has ten products.",
        "product_options, product_modifiers",
        "Products with both.",
        "Fewer requests than expected.",
        rows.small_pages_of_ten,
    ),
    (
        "customers_embed_ten",
        "A customer embeds ten addresses at most.",
        "customers",
        "Customers that count more.",
        "Nothing: customer_addresses has all.",
        rows.customers_embed_ten,
    ),
    (
        "trees_have_all_categories",
        "`/v3/catalog/trees/categories` has all that `/v3/catalog/categories` has.",
        "categories",
        "The totals of both.",
        "Categories are missing.",
        rows.trees_have_all_categories,
    ),
)


def _of_dates(family: str, stream: str, low: str, high: str) -> tuple[Assumption, ...]:
    window = f"{stream} that changed within two seconds."
    leans = f"DateCursor: {stream}" + (" and all that is read through them" * (family == "v2"))
    return _each(
        (
            f"{family}_from_heeded",
            f"`{low}` leaves out {stream} that changed earlier.",
            leans,
            window,
            "Noticed; the stream is read whole each time.",
            partial(filters.from_heeded, family=family),
        ),
        (
            f"{family}_to_heeded",
            f"`{high}` leaves out {stream} that changed later.",
            leans,
            window,
            "Noticed; windows bring rows of others, which arrive twice.",
            partial(filters.to_heeded, family=family),
        ),
        (
            f"{family}_from_inclusive",
            f"`{low}` includes its own second.",
            leans,
            window,
            "Nothing: syncs begin some minutes before the last change, and windows overlap.",
            partial(filters.from_inclusive, family=family),
        ),
        (
            f"{family}_to_inclusive",
            f"`{high}` includes its own second.",
            leans,
            window,
            "Rows of a window's last second may be missing."
            if family == "v3"
            else "Nothing: windows end two seconds later.",
            partial(filters.to_inclusive, family=family),
        ),
    )


_DATES = (
    *_of_dates("v2", "orders", "min_date_modified", "max_date_modified"),
    *_of_dates("v3", "customers", "date_modified:min", "date_modified:max"),
    *_each(
        (
            "v2_plain_colons_heeded",
            "v2 takes a date whose colons are not encoded.",
            "nothing: they are encoded",
            "The same window, written plain.",
            "Nothing.",
            filters.plain_colons_heeded,
        ),
        (
            "v3_encoded_colons_heeded",
            "v3 takes a date whose colons are encoded.",
            "nothing: TokenAuthenticator leaves them plain",
            "The same window, encoded.",
            "Nothing, unless a proxy encodes them: then changes are missed.",
            filters.encoded_colons_heeded,
        ),
        (
            "v2_zoneless_is_utc",
            "v2 takes a time without a zone for UTC.",
            "nothing: a zone is always sent",
            "The same window without its zone.",
            "Nothing.",
            filters.zoneless_is_utc,
        ),
        (
            "v2_bare_date_is_midnight_utc",
            "v2 takes a date without a time for its midnight in UTC.",
            "nothing: a time is always sent",
            "Orders that changed within hours of a midnight.",
            "Nothing.",
            filters.bare_date_is_midnight_utc,
        ),
        (
            "undated_rows_kept",
            "A filter by date of v3 keeps rows that have no date.",
            "v3_dated streams with a start date",
            "The first list with such rows.",
            "Such rows arrive with a first sync without a start date, and once they change.",
            filters.undated_rows_kept,
        ),
        (
            "listings_are_dated",
            "Each channel listing says when it was modified.",
            "channel_listings",
            "The listings of two channels.",
            "Nothing: the stream is read whole.",
            filters.listings_are_dated,
        ),
    ),
)

_ORDERS = _each(
    (
        "archived_are_flagged",
        "Orders say whether they are archived (`is_deleted`).",
        "WithArchived",
        "The first page of orders.",
        "The list is asked for twice, as nothing tells which orders are archived.",
        orders.archived_are_flagged,
    ),
    (
        "archived_are_listed",
        "The list of orders has archived ones unasked.",
        "WithArchived",
        "An archived order's id.",
        "A second request a window.",
        orders.archived_are_listed,
    ),
    (
        "incomplete_are_listed",
        "The list of orders has incomplete ones (status 0) unasked.",
        "orders",
        "An incomplete order's id.",
        "Incomplete orders are missing.",
        orders.incomplete_are_listed,
    ),
    (
        "is_deleted_brings_archived",
        "`is_deleted=true` brings archived orders and no others.",
        "WithArchived",
        "Orders with it.",
        "If the list hides archived orders too, they are missing.",
        orders.is_deleted_brings_archived,
    ),
    (
        "includes_heeded",
        "`include` of orders brings consignments and their lines.",
        "ChildRows: order_products, order_shipping_addresses, order_consignments, order_fees",
        "Fifty orders with their consignments.",
        "A request for each order.",
        orders.includes_heeded,
    ),
    (
        "consignments_are_an_object",
        "With `consignment_structure=object` consignments are an object.",
        "embedded.py",
        "The same fifty orders.",
        "Nothing: an array is read, too.",
        orders.consignments_are_an_object,
    ),
    (
        "consignments_are_an_array_unasked",
        "Without `consignment_structure` consignments are an array.",
        "nothing: it is always sent",
        "One order without it.",
        "Nothing.",
        orders.consignments_are_an_array_unasked,
    ),
    (
        "embedded_addresses_whole",
        "An order embeds all its shipping addresses.",
        "ChildRows: order_shipping_addresses, order_consignments",
        "Those of fifty orders, against the count in the order.",
        "A request for each order that falls short.",
        orders.embedded_addresses_whole,
    ),
    (
        "embedded_lines_once",
        "An order embeds no line twice.",
        "ChildRows: order_products",
        "Those of fifty orders.",
        "A request for each order that does.",
        orders.embedded_lines_once,
    ),
    (
        "embedded_lines_whole",
        "An order embeds all its lines, or says that it does not.",
        "ChildRows: order_products",
        "Those of fifty orders, against the counts in the orders.",
        "A request for each order that falls short.",
        orders.embedded_lines_whole,
    ),
    (
        "warning_in_consignment",
        "Lines that are cut at 50 are announced by `__warning__` in their consignment.",
        "embedded.py",
        "Orders with more than 50 items.",
        "Nothing: it is looked for elsewhere, and 50 lines count as cut.",
        orders.warning_in_consignment,
    ),
    (
        "empty_transactions_are_200",
        "An order without transactions is answered 200 with an empty list.",
        "transactions",
        "Six orders, those that were never paid first.",
        "Nothing: a 204 and a 404 are no rows, too.",
        orders.empty_transactions_are_200,
    ),
    (
        "unknown_order_is_404",
        "An order that does not exist is a 404 in the form of v2's errors.",
        "ErrorHandler",
        "The lines of one.",
        "A parent that is deleted meanwhile may end its stream with an error.",
        orders.unknown_order_is_404,
    ),
    (
        "external_order_id_exact",
        "A filter by `external_order_id` finds that key and no similar one.",
        "destination_bigcommerce",
        "The key of one order, in other letters, and cut by one.",
        "An order may be taken for another one that was sent.",
        orders.external_order_id_exact,
    ),
)

_STALE = "Such changes arrive when the parent changes next."


def _moving(parent: str, child: str, look: Callable[..., Finding]) -> Assumption:
    return Assumption(
        f"{parent}_date_moves_with_{child}",
        f"A change of `{child}` moves its {parent}'s `date_modified`.",
        f"{child}, where it is read through {parent}s",
        f"Dates of {child} against those of their {parent}s.",
        _STALE,
        partial(look, child=child),
    )


def _unseen(id: str, statement: str, leans: str, consequence: str) -> Assumption:
    return Assumption(
        id, statement, leans, "Not by requests that change nothing.", consequence, orders.undated
    )


_MOVES = (
    *(
        _moving("order", child, orders.order_date_moves)
        for child in (
            "transactions",
            "order_refunds",
            "order_shipments",
            "order_messages",
            "order_metafields",
        )
    ),
    *(
        _moving("product", child, orders.product_date_moves)
        for child in ("product_images", "product_reviews", "product_metafields")
    ),
    _moving("customer", "customer_attribute_values", orders.customer_date_moves),
    _unseen(
        "product_date_moves_with_stock",
        "A move of stock moves its product's `date_modified`.",
        "products",
        "Stock in products is as old as their last change; inventory_items is fresh.",
    ),
    _unseen(
        "product_date_moves_with_variants",
        "A change of a variant moves its product's `date_modified`.",
        "products, product_options",
        "Variants in products are as old as their last change; product_variants is fresh.",
    ),
    _unseen(
        "customer_date_moves_with_addresses",
        "A change of an address or form field moves its customer's `date_modified`.",
        "customers",
        "Addresses in customers are as old as their last change; customer_addresses is fresh.",
    ),
)

_ROWS = _each(
    (
        "fields_declared",
        "Rows have no field that the schemas lack.",
        "schemas of all streams",
        "The first page of each stream.",
        "Nothing is lost: undeclared fields arrive as they are. Some warehouses drop them.",
        rows.fields_declared,
    ),
    (
        "types_as_declared",
        "Values have the types that the schemas declare.",
        "Values",
        "The first page of each stream.",
        "Nothing: they are converted.",
        rows.types_as_declared,
    ),
    (
        "types_fit",
        "Values of other types can be converted to what the schemas declare.",
        "Values",
        "The first page of each stream.",
        "They arrive as they came, with a warning; a warehouse may refuse them.",
        rows.types_fit,
    ),
    (
        "dates_readable",
        "Dates have a form that the connector reads.",
        "Values, DateCursor",
        "The first page of each stream.",
        "They arrive as null, with a warning.",
        rows.dates_readable,
    ),
    (
        "ids_fit_32_bits",
        "Ids are below 2^31.",
        "nothing: integers are of 64 bits",
        "The first page of each stream.",
        "Nothing; choose wide columns in the warehouse.",
        rows.ids_fit_32_bits,
    ),
)

_CLOCKS = _each(
    (
        "date_is_told",
        "Replies say when they were sent (`Date`).",
        "store_clock",
        "`/v2/time`.",
        "Only the clock of `/v2/time` counts.",
        headers.date_is_told,
    ),
    (
        "clocks_agree",
        "The header `Date` and `/v2/time` are the same time.",
        "store_clock",
        "`/v2/time`.",
        "The earlier counts.",
        headers.clocks_agree,
    ),
    (
        "our_clock_is_right",
        "This machine's clock is within ten minutes of the store's.",
        "store_clock",
        "`/v2/time`.",
        "What changed between both times is read each time.",
        headers.our_clock_is_right,
    ),
)

# These look at all replies.
_REPLIES = _each(
    (
        "first_page_has_rows",
        "The first page of a list that counts rows has some.",
        "Rows (by page number)",
        "All first pages of v3.",
        "Nothing: pages are read up to where the list shows its end.",
        lists.first_page_has_rows,
    ),
    (
        "rows_once",
        "A page has no row twice.",
        "Rows",
        "The ids of all pages.",
        "The row arrives twice; its key makes it one again. Channel listings are an error.",
        lists.rows_once,
    ),
    (
        "lists_are_counted",
        "Lists of v3 say `total` and `total_pages`.",
        "Rows (by page number)",
        "The first page of each stream.",
        "Those that do not are read page by page to an empty one.",
        headers.lists_are_counted,
    ),
    (
        "scopes_are_there",
        "The token opens the endpoints of all streams.",
        "all streams",
        "The first page of each stream.",
        "The streams of the missing scopes cannot be read.",
        headers.scopes_are_there,
    ),
    (
        "rows_come_with_200",
        "Rows come with status 200.",
        "ErrorHandler",
        "All replies.",
        "Nothing for a 203, which a proxy makes of a 200.",
        headers.rows_come_with_200,
    ),
    (
        "limits_on_bodies",
        "Replies with rows tell quota, what is left of it, window and reset.",
        "StoreBudget",
        "All replies.",
        "The pace follows those replies that do tell, and 429s.",
        headers.limits_on_bodies,
    ),
    (
        "limits_on_204",
        "Replies without a body (204) tell the quota and what is left of it, too.",
        "StoreBudget",
        "All replies.",
        "The pace follows other replies.",
        headers.limits_on_204,
    ),
    (
        "limits_in_milliseconds",
        "Window and reset are in milliseconds.",
        "StoreBudget",
        "Their sizes in all replies.",
        "Waits are too long or too short.",
        headers.limits_in_milliseconds,
    ),
    (
        "limited_replies_say_when",
        "A 429 says when to ask again.",
        "StoreBudget, ErrorHandler",
        "429s, if there are any.",
        "The wait grows from try to try.",
        headers.limited_replies_say_when,
    ),
    (
        "one_quota",
        "All endpoints have the same quota.",
        "Quotas",
        "The quotas in all replies.",
        "Nothing: each has a budget of its own then.",
        headers.one_quota,
    ),
    (
        "replies_are_compressed",
        "Replies are compressed.",
        "the time that a sync takes",
        "All replies.",
        "Replies take longer to arrive.",
        headers.replies_are_compressed,
    ),
)

_NOT_OF_THE_STORE = tuple(
    Assumption(
        id,
        statement,
        leans,
        "Not by GET requests to the store's REST API.",
        consequence,
        headers.beyond,
    )
    for id, statement, leans, consequence in (
        (
            "graphql_has_no_orders",
            "Admin GraphQL has no lists of orders, customers or transactions.",
            "the choice of REST",
            "There may be a faster way.",
        ),
        (
            "written_orders_are_found",
            "An order is found by its `external_order_id` right after it was written.",
            "destination_bigcommerce",
            "An order whose reply was lost may be sent twice.",
        ),
        (
            "oauth_templates_render",
            "Airbyte's platform renders the templates of the login.",
            "the form's login",
            "Paste a token instead.",
        ),
        (
            "heavy_pages_are_504",
            "A page that is too heavy for the store is answered 500, 504 or 413.",
            "ErrorHandler: pages in parts",
            "Such a page is tried again as it is, and is an error in the end.",
        ),
        (
            "firewall_is_not_json",
            "A firewall's refusal is not in the form of the API's errors.",
            "ErrorHandler",
            "It is taken for a missing scope.",
        ),
    )
)

ASSUMPTIONS: tuple[Assumption, ...] = (
    *_CLOCKS,
    *_ORDER,
    *_PAGES,
    *_DATES,
    *_ORDERS,
    *_ROWS,
    *_MOVES,
    *_REPLIES,
    *_NOT_OF_THE_STORE,
)
"""In the order in which they are looked at. `_ROWS` take the requests that are left."""
