"""Many links at once, made as a client would make them: in bulk through the API."""

import http.client
import json
import queue
import re
import threading

from processes import DEADLINE, Failed

BULK = 100
#: So many calls at once, because the calls of a bulk wait for the disk.
CLIENTS = 48


def page(number):
    """A page to share. All are of one length, so that all answers are."""
    return f"https://example.com/article/{number:07d}"


def share(service, links):
    """Makes so many links; returns their codes in the order of their pages' numbers."""
    codes = [None] * links
    starts = queue.SimpleQueue()
    for start in range(0, links, BULK):
        starts.put(start)
    failures = []
    clients = [threading.Thread(target=work, args=(service, codes, starts, failures)) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    if failures:
        raise failures[0]
    return codes


def work(service, codes, starts, failures):
    """One client: takes stretches of pages until there are no more."""
    line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=DEADLINE)
    key = {"Authorization": f"Bearer {service.key}", "Content-Type": "application/json"}
    try:
        while not failures:
            try:
                start = starts.get_nowait()
            except queue.Empty:
                return
            numbers = range(start, min(start + BULK, len(codes)))
            drafts = [{"url": page(number), "channel": "whatsapp"} for number in numbers]
            line.request("POST", "/api/v1/links/bulk", json.dumps({"links": drafts}), key)
            answer = line.getresponse()
            text = answer.read().decode()
            made = re.findall(r'"code":"([A-Za-z0-9]{8})"', text)
            if answer.status != 200 or len(made) != len(drafts):
                raise Failed(f"links/bulk: {answer.status} {text[:500]}")
            codes[numbers.start : numbers.stop] = made
    except Exception as failure:
        failures.append(failure)
    finally:
        line.close()
