"""Last component: joins the model's answer with its window and publishes the result and the metric."""
import json
import math
from collections import deque

from log_module import LogModule

logger = LogModule()
parameters = {"package_id": "", "package_version": "", "threshold": 0.0}
waiting_windows = deque(maxlen=1000)
waiting_scores = deque(maxlen=1000)


def update_parameters(params):
    for name in parameters:
        if params.get(name) is not None:
            parameters[name] = params[name]


def first(value):
    while isinstance(value, (list, tuple)):
        value = value[0]
    return value


def process_input(data):
    # The inference server may call once with all variables or once per source; both keep the order of the windows.
    if data.get("window_start") is not None:
        waiting_windows.append((data["window_start"], data["window_end"], data.get("window_quality") or "good"))
    if data.get("score") is not None:
        waiting_scores.append((float(first(data["score"])), bool(first(data["alarm"]))))
    if not waiting_windows or not waiting_scores:
        return None
    start, end, quality = waiting_windows.popleft()
    score, alarm = waiting_scores.popleft()
    if not math.isfinite(score):
        logger.error("the model gave no number for the window from " + start)
        return None
    result = {
        "windowStart": start,
        "windowEnd": end,
        "score": score,
        "threshold": float(parameters["threshold"]),
        "alarm": alarm,
        "packageId": parameters["package_id"],
        "packageVersion": str(parameters["package_version"]),
        "quality": quality,
    }
    return {"result": json.dumps(result), "model_score": json.dumps({"value": score})}
