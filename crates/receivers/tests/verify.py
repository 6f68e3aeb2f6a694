"""Reads a request as JSON from standard input, and has the libraries of the standards judge it.

verify.py signature SECRET | verify.py example SECRET CODE | verify.py cloudevent
"""

import json
import sys

asked = json.load(sys.stdin)
if sys.argv[1] == "signature":
    from standardwebhooks.webhooks import Webhook

    Webhook(sys.argv[2]).verify(asked["body"], asked["headers"])
elif sys.argv[1] == "example":
    # What the document tells receivers to do.
    names = {}
    exec(sys.argv[3], names)
    body = asked["body"].encode()
    names["verify"](asked["headers"], body, sys.argv[2])
    for headers, body in [
        (asked["headers"], body + b" "),
        ({**asked["headers"], "webhook-timestamp": "1700000000"}, body),
    ]:
        try:
            names["verify"](headers, body, sys.argv[2])
        except ValueError:
            continue
        sys.exit("it takes what was not signed")
else:
    from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
    from cloudevents.core.formats.json import JSONFormat

    message = HTTPMessage(asked["headers"], asked["body"].encode())
    event = from_structured_event(message, JSONFormat())
    print(json.dumps({"type": event.get_type(), "id": event.get_id(), "subject": event.get_subject()}))
