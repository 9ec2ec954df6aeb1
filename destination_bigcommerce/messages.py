"""Every error of the destination that a person may see: what happened, and what to do."""

from airbyte_cdk.models import FailureType

from source_bigcommerce.components.messages import Problem

_AGAIN = "Sync again: orders that are there already are found, and not created twice."

# What BigCommerce answers

SCOPE_LACKING = Problem(
    "The access token lacks the scope {scope}, or the Store hash belongs to another store.",
    "Create a store-level API account with this scope, and paste its Access token.",
)
CREATE_FAILED = Problem(
    "BigCommerce did not create the order {key} in {tries} attempts; it is not there.",
    _AGAIN,
    FailureType.transient_error,
)
UNSETTLED = Problem(
    "Whether BigCommerce created the order {key} is not known: it cannot be looked up.",
    _AGAIN,
    FailureType.transient_error,
)
KEY_IGNORED = Problem(
    "BigCommerce does not find orders by their external_order_id: {what}.",
    "No order can be sent safely, and none was. Ask BigCommerce support about "
    "GET /v2/orders?external_order_id=.",
    FailureType.system_error,
)
KEY_CHANGED = Problem(
    "BigCommerce created order {id} for the external_order_id {key}, but cannot find it by that "
    "key.",
    "No more orders were sent. Correct the order in the control panel, and send keys of plain "
    "letters, digits, - and _.",
    FailureType.system_error,
)
# How a sync ends

REJECTED = Problem(
    "{count} of {total} orders were rejected, the first of them {key}: {reason}.",
    "All are in the log{where}. Correct them and send them again.",
)
STOPPED = Problem(
    "The order {key} was rejected: {reason}.",
    "The sync stopped. Correct it and sync again, or let the sync continue with the others.",
)
DUPLICATES = Problem(
    "{count} orders are in the store more than once: {orders}.",
    "Somebody else sent them at the same time. Archive the duplicates, and let only one connection "
    "send to a store.",
)

# What the form and the catalog hold

CHOICE_UNKNOWN = Problem("{title} is {value}.", "Choose one of: {choices}.")
TEXT_UNFIT = Problem("{title} is {value}.", "Type plain text, or leave it empty.")
STREAMS_UNREADABLE = Problem(
    "Streams is {value}.", 'Type the name of each stream with what it holds: {{"name": "orders"}}.'
)
STREAM_UNASSIGNED = Problem(
    "The form does not say what these streams hold: {names}.",
    "Add them to Streams in the form, or leave them out of the connection.",
)
MODE_UNFIT = Problem(
    "Stream {name} is to be overwritten, and orders are only ever added.",
    "Choose append as its sync mode.",
)
FILE_UNWRITABLE = Problem(
    "The File of rejected orders {path} cannot be written: {reason}.",
    "Correct the path; in Docker it is a path inside the container.",
)
