"""Every error that a person may see: what happened, and what to do about it."""

from dataclasses import dataclass

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException


@dataclass(frozen=True)
class Problem:
    """A kind of error, in two sentences; `{name}` stands for a value that an occurrence gives.

    happened: one sentence of what happened.
    remedy: one sentence of what to do.
    failure_type: config error where the person who set up the connection can mend it, transient
        error where it passes by itself, system error where the connector is at fault.
    """

    happened: str
    remedy: str
    failure_type: FailureType = FailureType.config_error

    def message(self, **values: object) -> str:
        return f"{self.happened} {self.remedy}".format(**values)

    def error(self, internal_message: str = "", **values: object) -> AirbyteTracedException:
        """To be raised; `internal_message` is for the log: the API's own words, an exception."""
        message = self.message(**values)
        return AirbyteTracedException(
            message=message,
            internal_message=internal_message or message,
            failure_type=self.failure_type,
        )


# What BigCommerce answers

TOKEN_REFUSED = Problem(
    "BigCommerce does not accept the access token for this store.",
    "Paste the Access token and the Store hash of the same store-level API account.",
)
SCOPE_LACKING = Problem(
    "The access token lacks the scope {scope}, or the Store hash belongs to another store.",
    "Create a store-level API account with this scope (read-only suffices), or leave the stream "
    "out.",
)
NOT_FOUND = Problem(
    "BigCommerce does not know this store, or its plan does not have /{endpoint}.",
    "Check the Store hash: it is the part after stores/ in the API path.",
)
STORE_SUSPENDED = Problem(
    "The store is suspended.", "Ask BigCommerce support to reopen it, then sync again."
)
REDIRECTED = Problem(
    "The API address answers with a redirect, and the access token is not sent elsewhere.",
    "Correct the API address.",
)
REQUEST_REFUSED = Problem(
    "BigCommerce refused a request with status {status}, which is a bug of the connector.",
    "Please report it with the lines of the log around it.",
    FailureType.system_error,
)
REPLY_UNKNOWN = Problem(
    "BigCommerce sent a reply that is not what its documentation says.",
    "Run the sync again, and report a bug of the connector if it happens again.",
    FailureType.system_error,
)
CHILDREN_LACKING = Problem(
    "BigCommerce does not send all {rows} of {parent} {id}.",
    "Ask its support why they cannot be read page by page, or leave the stream out: the rest of it "
    "comes once these can be read.",
    FailureType.system_error,
)
GIVEN_UP = Problem(
    "BigCommerce {answered} {tries} times in a row.",
    "Sync again later, it continues where this one stopped; if it lasts, see "
    "https://status.bigcommerce.com.",
    FailureType.transient_error,
)
UNREACHABLE = Problem(
    "{address} could not be reached.",
    "Check the network between it and the connector, and the API address if you changed it, then "
    "sync again: it continues where this one stopped.",
    FailureType.transient_error,
)

# What the check of a connection finds

NO_ACCESS = Problem(
    "The access token opens none of the streams of this store.",
    "Check that the Store hash and the Access token belong together, and give the store-level API "
    "account the read-only scopes of the streams you want.",
)
STREAMS_UNREADABLE = Problem(
    "Some streams cannot be read: {needs} (read-only).",
    "Create a store-level API account with these scopes, or leave the streams out.",
)

# What the form holds

_EXAMPLE_OF_HASH = "Type the part after stores/ in the API path, such as abc123."
_PASTE_TOKEN = "Paste the access token of the store-level API account."
_EXAMPLE_OF_DATE = "Type a date such as 2024-01-31, or words such as 30 days ago."

HASH_MISSING = Problem("Store hash is missing.", _EXAMPLE_OF_HASH)
HASH_UNREADABLE = Problem("Store hash {value} holds no store hash.", _EXAMPLE_OF_HASH)
TOKEN_MISSING = Problem("Access token is missing.", _PASTE_TOKEN)
TOKEN_UNREADABLE = Problem(
    "Access token is not a token: it must be one word of plain characters.", _PASTE_TOKEN
)
DATE_UNREADABLE = Problem("{title} {value} is not a date.", _EXAMPLE_OF_DATE)
DATE_IMPOSSIBLE = Problem("{title} {value} is not a date of the calendar.", _EXAMPLE_OF_DATE)
START_AFTER_END = Problem(
    "Start date is {start}, which is after the end ({end}).", "Choose an earlier start date."
)
NUMBER_UNFIT = Problem("{title} is {value}.", "Type a whole number from {lowest} to {highest}.")
SWITCH_UNFIT = Problem("{title} is {value}.", "Turn it on or off: true or false.")
CHANNELS_UNREADABLE = Problem(
    "Channels {value} is not a list of channel ids.",
    "Type whole numbers, such as 1: the stream channels lists them under id.",
)
API_URL_UNSAFE = Problem(
    "API address {value} is not an https address.", "Leave it at https://api.bigcommerce.com."
)

# What comes with the command

STREAM_UNKNOWN = Problem(
    "There is no stream of this name: {names}.",
    "Refresh the schema of the connection and choose its streams again.",
)
FILE_UNREADABLE = Problem(
    "The file {path} cannot be read as {kind}.",
    "Name a JSON file of the form that Airbyte's protocol describes.",
)
