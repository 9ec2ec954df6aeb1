"""The part of a store's quota that its other apps need."""

import math

# A shorter part of a window than this says little about their requests per second.
_LEAST_SEEN = 1 / 30
# If no reply came in the second half of a window, what was seen by then counts as its whole use.
_SEEN_ENOUGH = 1 / 2
# Two connectors must not both wait, each leaving the other what it seems to want.
_MOST_OF_THE_QUOTA = 2 / 3
# Each look at what is left costs one of their requests. So there are at most three looks in the
# rest of a window, and at least this part of a window between two of them.
_LOOKS, _NEAREST_LOOKS = 3, 1 / 300


class OtherApps:
    """What the store's other apps use of the quota: all that is used, less our own requests.

    Without it, a sync takes the whole quota at the start of each window, and the store refuses the
    other apps until the next one.

    ours: requests of this connector in the current window.
    """

    def __init__(self) -> None:
        self.ours = 0
        self._theirs = 0.0
        self._looked = 0.0
        self._began = -math.inf
        self._rate_before = 0.0

    def look(self, used: int, under_way: int, elapsed: float) -> None:
        """Notes how much of the quota is gone, so many seconds into the window.

        Some of our requests under way may be counted already: half of them, once it is certain
        that there are other apps.
        """
        theirs = used - self.ours
        self._theirs = theirs + under_way / 2 if theirs > 0 else 0.0
        self._looked = elapsed

    def begin_window(self, now: float, window: float, under_way: int) -> None:
        """Counts requests under way in the new window, although they may belong to either.

        A window that ends soon after it began is the previous one, whose reply was late.
        """
        if now < self._began + window / 2:
            return
        self._began = now
        self._rate_before = self._theirs / max(self._looked, window * _SEEN_ENOUGH)
        self._theirs, self._looked, self.ours = 0.0, 0.0, under_way

    def rate(self, elapsed: float, window: float) -> float:
        """Requests per second in the current window, or in the last one if that is more."""
        return max(self._rate_before, self._theirs / max(elapsed, window * _LEAST_SEEN))

    def wanted(self, quota: int, elapsed: float, window: float) -> int:
        """Requests until the window ends: sometimes they ask for more than on average."""
        wanted = self.rate(elapsed, window) * (window - elapsed)
        return min(math.ceil(wanted + math.sqrt(wanted)), int(quota * _MOST_OF_THE_QUOTA))

    def since_look(self, elapsed: float, window: float) -> float:
        """The requests they have made since the last look, if they went on as before."""
        return self.rate(elapsed, window) * max(0.0, elapsed - self._looked)

    def seconds_until(self, left: int, remaining: float, window: float) -> float:
        """Seconds until they want less than what is left, without a request of ours."""
        by_rate = remaining - left / self._rate_before if self._rate_before else 0.0
        elapsed = window - remaining
        by_number = self._theirs * window / (left + self._theirs) - elapsed if self._theirs else 0.0
        looks = remaining / _LOOKS, window * _NEAREST_LOOKS
        return min(max(by_rate, by_number, *looks), remaining)
