"""Every error that a person may see: what happened, and what to do about it."""

import re
from dataclasses import dataclass

from airbyte_cdk.models import FailureType
from airbyte_cdk.utils.traced_exception import AirbyteTracedException

# In `https://user:password@host`; a password may hold anything, also a slash.
_LOGIN = re.compile(r"://[^\s\"'/@]*:[^\s\"']*@")


@dataclass(frozen=True)
class Problem:
    """A kind of error, in two sentences; `{name}` stands for a value that an occurrence gives.

    A user and password in an address are never shown.

    happened: one sentence of what happened.
    remedy: one sentence of what to do.
    failure_type: config error if the person who set up the connection can mend it, transient error
        if it passes by itself, system error if the connector is at fault.
    """

    happened: str
    remedy: str
    failure_type: FailureType = FailureType.config_error

    def message(self, **values: object) -> str:
        return _without_login(f"{self.happened} {self.remedy}".format(**values))

    def error(self, internal_message: str = "", **values: object) -> AirbyteTracedException:
        """To be raised; `internal_message` is for the log: the API's own words, an exception."""
        message = self.message(**values)
        return AirbyteTracedException(
            message=message,
            internal_message=_without_login(internal_message) or message,
            failure_type=self.failure_type,
        )


def _without_login(text: str) -> str:
    return _LOGIN.sub("://***@", text)


# What BigCommerce answers

TOKEN_REFUSED = Problem(
    "BigCommerce does not accept the access token for this store.",
    "Paste the Access token and the Store hash of the same store-level API account.",
)
SCOPE_LACKING = Problem(
    "The access token lacks the scope {scope}, or the Store hash belongs to another store.",
    "Create a store-level API account with this scope ({permission}), or leave the stream out.",
)
PERMISSIONS = {"": "read-only suffices", "modify": "modify: read-only does not suffice here"}
"""What a scope must allow, by the manifest's word for it."""
B2B_CLOSED = Problem(
    "B2B Edition does not open for this store ({status}): the store does not have it, or the "
    "access token lacks the scope B2B Edition.",
    "Give the store-level API account this scope, which BigCommerce offers where a store has B2B "
    "Edition, or turn off B2B Edition in the form.",
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
FIREWALL = Problem(
    "A firewall in front of BigCommerce refused /{endpoint}, which is not about scopes.",
    "Sync again later, it continues where this one stopped; if this happens again, ask BigCommerce "
    "support, or whoever runs the firewall or proxy, to let the connector's IP address through.",
    FailureType.transient_error,
)
PAGE_TOO_LARGE = Problem(
    "BigCommerce does not send {asked} rows of /{endpoint} in one reply.",
    "Set Page size to {smaller} and sync again: it continues where this one stopped.",
)
PAGE_TOO_SLOW = Problem(
    "BigCommerce takes too long to send {asked} rows of /{endpoint} in one reply.",
    "Sync again later, it continues where this one stopped; if this happens again, set Page size "
    "to {smaller}.",
    FailureType.transient_error,
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
REPLY_TOO_LARGE = Problem(
    "BigCommerce sent a reply of {size}.",
    "Choose a smaller Page size, or leave the stream out.",
    FailureType.system_error,
)
LIST_ENDLESS = Problem(
    "BigCommerce sends the same page of a list again and again, in place of the next one.",
    "Sync again later, it continues where this one stopped; if this happens again, ask BigCommerce "
    "support about the endpoint in the log.",
    FailureType.transient_error,
)
LIST_UNPROVED = Problem(
    "BigCommerce counts more rows in a list than it sends.",
    "Sync again later, it continues where this one stopped; if this happens again, ask BigCommerce "
    "support about the endpoint in the log.",
    FailureType.transient_error,
)
LIST_SHORT = Problem(
    "The store counts {counted} rows, but only {came} came.",
    "Sync again, it reads what is missing; if this happens again, ask BigCommerce support about "
    "the endpoint in the log, or turn off Prove completeness.",
    FailureType.transient_error,
)
CHILDREN_LACKING = Problem(
    "BigCommerce does not send all {rows} of {parent} {id}.",
    "Ask its support why they cannot be read page by page, or leave the stream out: the rest of it "
    "comes once these can be read.",
    FailureType.system_error,
)
GIVEN_UP = Problem(
    "BigCommerce {answered} {tries} times in a row.",
    "Sync again later, it continues where this one stopped; if this happens again, see "
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

FIRST_SYNC_LONG = Problem(
    "A first sync of all streams takes {time} or more at this store's quota: {names} take a "
    "request for each of {orders} orders.",
    "Leave out those that you do not need, or set Start date of streams read order by order.",
)
UNANSWERED = Problem(
    "No usable answer came within {seconds} seconds from {endpoints}.",
    "Check the connection again later; these streams were not checked.",
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
    "{title} is {start}, which is after the end ({end}).", "Choose an earlier start date."
)
NUMBER_UNFIT = Problem("{title} is {value}.", "Type a whole number from {lowest} to {highest}.")
SWITCH_UNFIT = Problem("{title} is {value}.", "Turn it on or off: true or false.")
CHOICE_UNFIT = Problem("{title} is {value}.", "Choose {choices}.")
SALT_UNFIT = Problem(
    "Hash salt {what}, and personal data is to be hashed.",
    "Type a text of at least {shortest} characters that nobody can guess, and keep it: another "
    "salt gives other hashes.",
)
CHANNELS_UNREADABLE = Problem(
    "Channels {value} is not a list of channel ids.",
    "Type whole numbers, such as 1: the stream channels lists them under id.",
)
API_URL_UNSAFE = Problem(
    "API address {value} is not an https address.", "Leave it at https://api.bigcommerce.com."
)

API_URL_WITH_LOGIN = Problem(
    "API address {value} holds a user name or a password.",
    "Leave it out: only the access token is sent.",
)

# What comes with the command

B2B_OFF = Problem(
    "B2B Edition is turned off in the form, and these streams are part of it: {names}.",
    "Turn it on, or leave them out.",
)
STREAM_UNKNOWN = Problem(
    "There is no stream of this name: {names}.",
    "Refresh the schema of the connection and choose its streams again.",
)
FILE_MISSING = Problem(
    "There is no {kind} file {path}.",
    "Correct the path after --{option}; in Docker it is a path inside the container.",
)
FILE_FORBIDDEN = Problem(
    "The {kind} file {path} may not be read by the user who runs this ({user}).",
    "Give this user the right to read it, or run as its owner: docker run --user.",
)
FILE_NO_JSON = Problem(
    "The {kind} file {path} is not JSON: {where}.", "Correct it, or save it again as JSON in UTF-8."
)
FILE_UNREADABLE = Problem(
    "The file {path} cannot be read as {kind}.",
    "Name a JSON file of the form that Airbyte's protocol describes.",
)
