"""First component: samples of the sensors in, one feature window at a time out."""
import math
from collections import deque
from datetime import datetime, timedelta, timezone

from feature_windows import SENSORS, FeatureWindows
from log_module import LogModule

logger = LogModule()
windows = FeatureWindows()
pending = deque(maxlen=1000)
uncertain_times = deque(maxlen=100000)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
limits = {"quiet_after": None}


def update_parameters(params):
    """Only when it falls silent can be changed on the site: a feature that differed from training would make the score meaningless."""
    if params.get("quiet_after"):
        limits["quiet_after"] = to_milliseconds(params["quiet_after"])


def to_milliseconds(value):
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return int(value)
    text = str(value).replace("Z", "+00:00")
    fraction = 0.0
    if "." in text:
        head, rest = text.split(".", 1)
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        fraction = float("0." + digits) if digits else 0.0
        text = head + rest[len(digits):]
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(milliseconds=1) + int(round(fraction * 1000))


def to_iso(milliseconds):
    moment = EPOCH + timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + "%03dZ" % (milliseconds % 1000)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def is_quiet():
    return limits["quiet_after"] is not None and (datetime.now(timezone.utc) - EPOCH) // timedelta(milliseconds=1) >= limits["quiet_after"]


def process_input(data):
    if is_quiet():
        return None
    time = next((value for name, value in data.items() if name.lower() == "timestamp"), None)
    if time is None:
        raise ValueError("expected a 'timestamp' in the payload, got " + ", ".join(sorted(data)))
    time_ms = to_milliseconds(time)
    values = {name: data[name] if is_number(data.get(name)) else None for name, _ in SENSORS}
    missing = [name for name, value in values.items() if value is None]
    if missing or data.get("quality") == "uncertain":
        uncertain_times.append(time_ms)
    if missing:
        logger.debug("no number for " + ", ".join(missing))
    pending.extend(windows.add(time_ms, values))
    if not pending:
        return None
    start, end, _samples, vector = pending.popleft()
    while uncertain_times and uncertain_times[0] < start:
        uncertain_times.popleft()
    quality = "uncertain" if any(start <= one < end for one in uncertain_times) else "good"
    return {"features": list(vector), "window_start": to_iso(start), "window_end": to_iso(end), "window_quality": quality}
