"""What the program is told of this API beyond its description."""

import schemathesis


def whole(value):
    """Whole numbers are sent as programs send them: JSON Schema calls 5.0 an integer, and nobody writes it so."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if isinstance(value, dict):
        return {name: whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [whole(part) for part in value]
    return value


@schemathesis.hook
def map_body(context, body):
    return whole(body)


# Codes of refusals that no schema can say: that a range begins before it ends, which cursors there are, which fields.
BEYOND_THE_SCHEMA = {"range_reversed", "cursor_invalid", "field_unknown"}

# The description leaves what is in a configuration file to a document of its own.
FILES = {"/config/plan", "/config/apply"}


@schemathesis.check
def only_offline_is_unavailable(ctx, response, case):
    """503 is an oven that does not answer, and nothing else."""
    if response.status_code == 503:
        assert response.json()["code"] == "offline", f"503 with another code: {response.text}"


@schemathesis.check
def what_the_schema_allows_is_refused_for_a_reason(ctx, response, case):
    """A request that the description allows may break a rule of more than one value; it must not be unreadable."""
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if response.status_code == 400:
        code = response.json()["code"]
        if code == "body_invalid" and any(case.path.endswith(path) for path in FILES):
            return
        assert code in BEYOND_THE_SCHEMA, f"the description allows what is refused as {code}: {response.text}"
