import { type FeatureDefinition } from './featureDefinition';
import { strideMilliseconds, windowMilliseconds } from './renderSql';

/** Python literals of strings and integers are JSON's; nothing else is rendered. */
const literal = (value: unknown) => JSON.stringify(value);

/**
 * A Python module (standard library only) with the class `FeatureWindows`: the same windows and features as `renderFeatureSql`,
 * one sample at a time, in bounded memory.
 */
export function renderFeaturePython(definition: FeatureDefinition): string {
  const sensors = definition.sensors
    .map((sensor) => `    (${literal(sensor.name)}, (${sensor.aggregates.map(literal).join(', ')},)),`)
    .join('\n');
  return `"""Features of sensor windows, rendered from the feature definition of the model."""
import math
from collections import deque

WINDOW_MS = ${windowMilliseconds(definition)}
STRIDE_MS = ${strideMilliseconds(definition)}
MIN_SAMPLES = ${definition.minSamples}
MAX_SAMPLES = 1000000
SENSORS = (
${sensors}
)
FEATURE_NAMES = tuple(name + "__" + aggregate for name, aggregates in SENSORS for aggregate in aggregates)


def _number(value):
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    number = float(value)
    return number if math.isfinite(number) else None


def _slope(times, values, mean):
    time_mean = math.fsum(times) / len(times)
    spread = math.fsum((time - time_mean) ** 2 for time in times)
    if spread == 0.0:
        return 0.0
    return math.fsum((time - time_mean) * (value - mean) for time, value in zip(times, values)) / spread


def _aggregate(aggregates, times, values):
    mean = math.fsum(values) / len(values)
    low = min(values)
    high = max(values)
    for aggregate in aggregates:
        if aggregate == "mean":
            yield mean
        elif aggregate == "std":
            yield math.sqrt(math.fsum((value - mean) ** 2 for value in values) / len(values))
        elif aggregate == "min":
            yield low
        elif aggregate == "max":
            yield high
        elif aggregate == "range":
            yield high - low
        else:
            yield _slope(times, values, mean)


class FeatureWindows:
    """Feed samples in order of time; each call gives the windows that the sample has shown to be over."""

    def __init__(self):
        self._samples = deque(maxlen=MAX_SAMPLES)
        self._anchor = None
        self._last = None
        self._step = 0

    def _restart(self, time_ms):
        self._samples.clear()
        self._anchor = time_ms
        self._step = 0

    def add(self, time_ms, values):
        """Returns a list of (start_ms, end_ms, samples, vector); the vector is in the order of FEATURE_NAMES."""
        time_ms = int(time_ms)
        if self._last is not None and time_ms < self._last and self._last - time_ms <= WINDOW_MS:
            return []
        if self._last is None or time_ms < self._last or time_ms - self._last > WINDOW_MS:
            self._restart(time_ms)
        self._last = time_ms
        finished = []
        while True:
            start = self._anchor + self._step * STRIDE_MS
            if start + WINDOW_MS > time_ms:
                break
            while self._samples and self._samples[0][0] < start:
                self._samples.popleft()
            window = self._window(start)
            if window is not None:
                finished.append(window)
            self._step += 1
        self._samples.append((time_ms, tuple(_number(values.get(name)) for name, _ in SENSORS)))
        return finished

    def _window(self, start):
        end = start + WINDOW_MS
        inside = [sample for sample in self._samples if sample[0] < end]
        vector = []
        for index, (_, aggregates) in enumerate(SENSORS):
            present = [(time, row[index]) for time, row in inside if row[index] is not None]
            if len(present) < MIN_SAMPLES:
                return None
            vector.extend(_aggregate(aggregates, [(time - start) / 1000.0 for time, _ in present], [value for _, value in present]))
        return (start, end, len(inside), vector)
`;
}
