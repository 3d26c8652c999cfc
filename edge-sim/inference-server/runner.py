"""Runs one Python component: a line of JSON in, a line of JSON out. Arguments: component directory, entrypoint, component name."""
import importlib.util
import json
import os
import sys
import traceback
import types

directory, entrypoint, component = sys.argv[1:4]
answers = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
# What a component prints must not mix with the answers.
os.dup2(2, 1)


def answer(value):
    answers.write(json.dumps(value, allow_nan=False) + "\n")
    answers.flush()


class LogModule:
    def _write(self, level, message):
        sys.stderr.write(json.dumps({"level": level, "message": "[PY] " + str(message)[:4000]}) + "\n")
        sys.stderr.flush()

    def trace(self, message):
        self._write("debug", message)

    def debug(self, message):
        self._write("debug", message)

    def info(self, message):
        self._write("info", message)

    def warn(self, message):
        self._write("warn", message)

    warning = warn

    def error(self, message):
        self._write("error", message)

    critical = error


log_module = types.ModuleType("log_module")
log_module.LogModule = LogModule
sys.modules["log_module"] = log_module
# The Python of the inference server is built without it.
sys.modules["sqlite3"] = None
sys.modules["_sqlite3"] = None

os.chdir(directory)
sys.path.insert(0, directory)
sys.argv = [entrypoint]


def load():
    spec = importlib.util.spec_from_file_location("component_" + "".join(c if c.isalnum() else "_" for c in component), os.path.join(directory, entrypoint))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    if not callable(getattr(module, "process_input", None)):
        raise TypeError("expected a function process_input(data) in " + entrypoint)
    return module


def one(module, data, index, errors):
    try:
        output = module.process_input(data)
        if output is not None and not isinstance(output, dict):
            raise TypeError("expected process_input to return a dict or None, got " + type(output).__name__)
        json.dumps(output, allow_nan=False)
        return output
    except Exception:
        errors.append({"index": index, "error": traceback.format_exc(limit=-4)[-4000:]})
        return None


try:
    module = load()
except BaseException:
    answer({"ready": False, "error": traceback.format_exc(limit=-4)[-4000:]})
    sys.exit(1)
answer({"ready": True, "python": "%d.%d.%d" % sys.version_info[:3]})

for line in sys.stdin:
    request = json.loads(line)
    errors = []
    if "parameters" in request:
        try:
            if callable(getattr(module, "update_parameters", None)):
                module.update_parameters(request["parameters"])
        except Exception:
            errors.append({"index": 0, "error": traceback.format_exc(limit=-4)[-4000:]})
        answer({"id": request["id"], "outputs": [], "errors": errors})
    else:
        outputs = [one(module, data, index, errors) for index, data in enumerate(request["inputs"])]
        answer({"id": request["id"], "outputs": outputs, "errors": errors})
