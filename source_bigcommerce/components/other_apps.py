"""What the other apps of a store need of its quota."""

import math

# Over less of a window than this part, what they used says little of what they use a second.
_LEAST_SEEN = 1 / 30
# A window of which no reply came in its second half is taken for one in which they used as much
# in the whole as was seen of it.
_SEEN_ENOUGH = 1 / 2
# Two connectors, each of which leaves the other what it seems to want, must not both wait.
_MOST_OF_THE_QUOTA = 2 / 3
# Each look at what is left costs one of their requests: three looks in the rest of a window, and
# no two nearer than this part of a whole one.
_LOOKS, _NEAREST_LOOKS = 3, 1 / 300


class OtherApps:
    """What the other apps of a store use of its quota: whatever is gone that is not ours.

    Without it a sync takes all that is left at the start of each window, and the others are refused
    until the next one.

    ours: requests of this connector in the current window.
    """

    def __init__(self) -> None:
        self.ours = 0
        self._theirs = 0.0
        self._looked = 0.0
        self._began = -math.inf
        self._rate_before = 0.0

    def look(self, used: int, under_way: int, elapsed: float) -> None:
        """A reply tells how much of the quota is gone, so many seconds into the window.

        Of our requests that are under way, some may be counted already: half of them, as soon as
        it is sure that there are other apps.
        """
        theirs = used - self.ours
        self._theirs = theirs + under_way / 2 if theirs > 0 else 0.0
        self._looked = elapsed

    def begin_window(self, now: float, window: float, under_way: int) -> None:
        """Requests on their way may be counted in either window; here in the new one.

        A window that ends soon after it began is the last one, of which a reply came late.
        """
        if now < self._began + window / 2:
            return
        self._began = now
        self._rate_before = self._theirs / max(self._looked, window * _SEEN_ENOUGH)
        self._theirs, self._looked, self.ours = 0.0, 0.0, under_way

    def rate(self, elapsed: float, window: float) -> float:
        """Requests per second: in the current window, or in the last one if that is more."""
        return max(self._rate_before, self._theirs / max(elapsed, window * _LEAST_SEEN))

    def wanted(self, quota: int, elapsed: float, window: float) -> int:
        """Of a quota, until the window ends: now and then they ask for more than on average."""
        wanted = self.rate(elapsed, window) * (window - elapsed)
        return min(math.ceil(wanted + math.sqrt(wanted)), int(quota * _MOST_OF_THE_QUOTA))

    def since_look(self, elapsed: float, window: float) -> float:
        """What they have used since the last look, if they went on as they did."""
        return self.rate(elapsed, window) * max(0.0, elapsed - self._looked)

    def seconds_until(self, left: int, remaining: float, window: float) -> float:
        """How long it takes until they want less than what is left, with no request of ours."""
        by_rate = remaining - left / self._rate_before if self._rate_before else 0.0
        elapsed = window - remaining
        by_number = self._theirs * window / (left + self._theirs) - elapsed if self._theirs else 0.0
        looks = remaining / _LOOKS, window * _NEAREST_LOOKS
        return min(max(by_rate, by_number, *looks), remaining)
